"""When does an approved pull request merge? The pull request's decision with everybody's voice in it (rows R4, B1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.decide.pull import PullDecision, PullFacts, decide_pull
from bot.model.action import MergePull, SetCheck
from bot.model.approval_facts import (
    ApprovalFacts,
    Contributors,
    Membership,
    Permissions,
    PullAt,
    Review,
    ReviewState,
)
from bot.model.facts import Check, CheckState, RepositoryFile, Unknown
from bot.model.policy import MergeRule
from bot.model.policy_gates import Gates
from bot.model.snapshot import PullSnapshot
from bot.model.verdict import Outcome
from tests.builders import ANA, BASE, BOT, CONFIG, NOW, commit, policy, promotion, pull, release

HEAD = "c" * 40
FILE = "helm/values-staging.yaml"
REVIEW = Review(
    id=5, author=ANA, state=ReviewState.APPROVED, commit_sha=HEAD, submitted_at=NOW + timedelta(minutes=1)
)


def voices(reviews: Any = (REVIEW,), **more: Any) -> ApprovalFacts:
    fields: dict[str, Any] = {
        "at": PullAt(repository_id=CONFIG.id, pull=12, base_ref="main", head_sha=HEAD, environment="staging"),
        "reviews": reviews,
        "comments": (),
        "membership": Membership(teams={ANA.id: frozenset({"splattop/platform"})}),
        "permissions": Permissions(levels={ANA.id: "write"}),
        "contributors": Contributors(
            author=BOT, last_pusher=None, committers=(), requester=None, source_authors=()
        ),
    }
    return ApprovalFacts(**{**fields, **more})


def decided(merge: MergeRule = MergeRule.APPROVED, **more: Any) -> PullDecision:
    ruling = policy()
    staging = replace(
        ruling.environments[1],
        gates=Gates(image=None, source=None),
        required_checks=(),
        soak=None,
        merge=merge,
    )
    data = RepositoryFile(path=FILE, oid="d" * 40, mode=0o100644, data=b"image: x\n")
    snapshot = PullSnapshot(
        taken_at=NOW,
        repository=CONFIG,
        base_head_sha=BASE,
        pull=pull("staging", HEAD),
        head=commit(HEAD),
        checks=(Check(name="helm-lint", state=CheckState.SUCCESS, app_id=1),),
        own_checks=(),
        base_files={},
        head_files=more.pop("head_files", {FILE: data}),
    )
    fields: dict[str, Any] = {
        "snapshot": snapshot,
        "policy": replace(ruling, environments=(ruling.environments[0], staging)),
        "errors": (),
        "proposed_errors": None,
        "promotion": promotion("staging", HEAD, release(7, api="a")),
        "bot_id": BOT.id,
        "voices": voices(),
    }
    return decide_pull(PullFacts(**{**fields, **more}))


def merges(found: PullDecision) -> bool:
    return any(isinstance(each, MergePull) for each in found.actions)


def approvals(found: PullDecision) -> Outcome:
    (verdict,) = [each for each in found.verdicts if each.gate == "approvals"]
    return verdict.outcome


def test_what_the_demanded_people_approved_is_merged():
    found = decided()
    assert (approvals(found), merges(found)) == (Outcome.PASS, True)


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (None, Outcome.WAIT),
        (voices(reviews=()), Outcome.WAIT),
        (voices(reviews=Unknown(why="no answer")), Outcome.UNKNOWN),
        (voices(permissions=Permissions(levels={ANA.id: "read"})), Outcome.WAIT),
        (voices(permissions=Permissions()), Outcome.UNKNOWN),
        (voices(membership=Membership()), Outcome.UNKNOWN),
        (voices(reviews=(replace(REVIEW, commit_sha="e" * 40),)), Outcome.WAIT),
        (voices(reviews=(replace(REVIEW, state=ReviewState.CHANGES_REQUESTED),)), Outcome.BLOCK),
    ],
    ids=["unread", "silent", "unreadable", "reader", "unverified", "team unread", "old head", "objection"],
)
def test_without_a_yes_that_counts_nothing_is_merged(given: ApprovalFacts | None, outcome: Outcome):
    found = decided(voices=given)
    assert (approvals(found), merges(found)) == (outcome, False)


def test_manual_is_never_merged_by_lockstep():
    found = decided(MergeRule.MANUAL)
    assert (approvals(found), merges(found)) == (Outcome.PASS, False)


def test_a_changed_file_that_was_not_read_is_no_content_to_approve():
    found = decided(head_files={})
    assert (approvals(found), merges(found)) == (Outcome.UNKNOWN, False)


def test_a_codeowners_file_that_cannot_be_read_holds_the_merge():
    found = decided(owners=Unknown(why="it is a symbolic link"))
    assert (approvals(found), merges(found)) == (Outcome.UNKNOWN, False)


def test_each_yes_is_handed_over_for_the_store_with_its_content():
    evaluation = decided().approvals
    assert evaluation is not None
    assert [(each.source_id, each.identity.files[0][0]) for each in evaluation.fresh] == [(5, FILE)]


def test_the_approvals_have_a_check_run_of_their_own():
    names = {each.check.name for each in decided().actions if isinstance(each, SetCheck)}
    assert "lockstep: main / approvals" in names
