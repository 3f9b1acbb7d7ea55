"""The bot's own questions, put to the small local GitHub: answered whole, quickly and without errors."""

from __future__ import annotations

from typing import Any

import pytest

from bot.adapters.github import queries
from bot.adapters.github.mutations import Mutation, document_of, move_ref
from bot.sandbox import actions
from tests.contract.small_world import Small


def _prepared(small: Small) -> dict[str, Any]:
    """A pull request with a comment, a label, a check and a status; the variables that the questions take."""
    pull = small.pull("lockstep/dev/app")
    actions.add_labels(small.world, small.bot, pull, ["env:dev"])
    actions.comment(small.world, small.person("ana"), pull, "/promote")
    actions.create_check_run(
        small.world, small.bot, small.repo, name="unit", head_sha=pull.head_sha, conclusion="success"
    )
    actions.set_status(small.world, small.person("ana"), small.repo, pull.head_sha, "success", "ci/legacy")
    return {
        "repositories": [small.repo.node_id],
        "repository": small.repo.node_id,
        "owner": "octo",
        "name": "config",
        "number": pull.number,
        "head": pull.head_sha,
        "new": pull.head_sha,
        "ref": "refs/heads/main",
        "first": "helm/values-dev.yaml",
        "second": "no/such/file",
        "p0": "helm/values-dev.yaml",
        "p1": "no/such/file",
        "r0": "refs/heads/lockstep/dev/app",
        "r1": "refs/heads/no-such-branch",
    } | {
        f"{key}{n}": value
        for n in (0, 1)
        for key, value in (("o", "octo"), ("n", "config"), ("e", pull.head_sha))
    }


@pytest.mark.parametrize("name", ["RULES", "HISTORY", "FILES", "ENVIRONMENT", "PULL", "HEAD"])
def test_a_question_of_the_bot_is_answered_without_errors(small: Small, name: str) -> None:
    document = getattr(queries, f"{name}_QUERY")
    known = _prepared(small)
    given = {key: value for key, value in known.items() if f"${key}:" in document}
    found = small.data(document, **given)
    assert all(value for value in found.values())


def test_a_promotion_is_made_in_one_document(small: Small) -> None:
    tip = small.push("scratch", {"helm/values-dev.yaml": b"api:\n  tag: 1.1.0\n"})
    pull = {
        "repositoryId": small.repo.node_id,
        "title": "Promote api 1.1.0 to dev",
        "body": "b",
        "baseRefName": "main",
        "headRefName": "lockstep/dev/app",
    }
    check = {"repositoryId": small.repo.node_id, "headSha": tip, "name": "lockstep: main", "status": "QUEUED"}
    document, variables = document_of(
        [
            move_ref(small.repo.node_id, "lockstep/dev/app", "0" * 40, tip),
            Mutation(field="createPullRequest", input=pull),
            Mutation(field="createCheckRun", input=check),
        ]
    )
    made = small.data(document, **variables)
    assert made["m1"]["pullRequest"]["headRefOid"] == tip
    assert made["m2"]["checkRun"]["url"].startswith("http://127.0.0.1")


def test_moving_a_branch_that_somebody_else_moved_is_stale_and_the_rest_is_carried_out(small: Small) -> None:
    first = small.push("lockstep/dev/app", {"a": b"1"})
    theirs = small.push("lockstep/dev/app", {"a": b"2"})
    pull = small.pull("lockstep/dev/app")
    comment = {"subjectId": pull.node_id, "body": "left alone"}
    document, variables = document_of(
        [
            move_ref(small.repo.node_id, "lockstep/dev/app", first, small.head),
            Mutation(field="addComment", input=comment),
        ]
    )
    body = small.ask(document, **variables)
    assert (body["errors"][0]["type"], body["errors"][0]["path"]) == ("STALE_DATA", ["m0"])
    assert small.repo.git.ref("heads/lockstep/dev/app") == theirs
    assert [c.body for c in pull.comments] == ["left alone"]
