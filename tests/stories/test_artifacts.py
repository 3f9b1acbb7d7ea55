"""From a finished run to an accepted release, and everything that is refused on the way (row R1)."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from tests.builders import digest
from tests.stories.cast import WORKFLOW, Bot, Town

RELEASE_CHECK = "lockstep: release"


def commit(town: Town, branch: str = "main") -> str:
    town.number += 1
    return town.github.push("splattop/app", branch, {"VERSION": f"{town.number}\n"}, by="dev")


def downloads(town: Town) -> list[str]:
    return [entry.path for entry in town.github.requests if entry.path.endswith("/zip")]


def test_case_28_a_workflow_of_the_same_name_at_another_path_is_not_downloaded(bot: Bot, town: Town):
    run = town.started(commit(town), workflow=".github/workflows/evil.yml")
    town.finished(run, api="a")
    bot.settles()
    assert (downloads(town), town.writes(), town.pulls("all")) == ([], [], [])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"event": "pull_request"}, "event_not_allowed"),
        ({"branch": "feature"}, "branch_not_allowed"),
    ],
    ids=["event", "branch"],
)
def test_case_28_a_run_that_the_rules_do_not_allow_is_not_downloaded(bot: Bot, town: Town, more, code):
    branch = more.get("branch", "main")
    sha = commit(town, branch)
    run = town.github.start_run(
        "splattop/app", WORKFLOW, branch=branch, event=more.get("event", "push"), sha=sha
    )
    town.finished(run, api="a")
    bot.settles()
    assert (downloads(town), town.writes()) == ([], [])
    assert [decision for decision, _ in bot.ledger(code)] == ["refused"]


def test_case_28_a_run_of_a_fork_is_not_downloaded(bot: Bot, town: Town):
    town.github.user("mallory")
    fork = town.github.fork("splattop/app", "mallory")
    sha = town.github.push(fork, "main", {"VERSION": "evil"}, by="mallory")
    run = town.started(sha, head_repository=fork)
    town.finished(run, api="a")
    bot.settles()
    assert (downloads(town), town.writes()) == ([], [])
    assert [decision for decision, _ in bot.ledger("foreign_head")] == ["refused"]


def test_case_29_the_api_s_word_counts_not_the_payload_s(bot: Bot, town: Town):
    run = town.started(commit(town))
    town.finished(run, api="a")
    run.status, run.conclusion = "in_progress", None
    bot.settles()
    assert (downloads(town), town.writes()) == ([], [])
    assert [decision for decision, _ in bot.ledger("not_completed")] == ["refused"]


def test_case_29_a_run_that_was_not_finished_is_taken_when_it_is(bot: Bot, town: Town):
    run = town.started(commit(town))
    town.finished(run, api="a")
    run.status, run.conclusion = "in_progress", None
    bot.settles()
    run.status, run.conclusion = "completed", "success"
    bot.sweeps()
    assert digest("a") in town.values("dev")


def test_a_red_run_hands_over_nothing(bot: Bot, town: Town):
    town.release(conclusion="failure", api="a")
    bot.settles()
    assert (downloads(town), town.pulls("all")) == ([], [])


def refused(bot: Bot, town: Town, artifact) -> str:
    """A refused artifact: nothing is opened, the author sees why on the commit; the reason code."""
    run = town.release(artifact=artifact)
    bot.settles()
    assert town.pulls("all") == []
    checks = town.github.checks("splattop/app", run.head_sha)
    assert (checks[RELEASE_CHECK].status, checks[RELEASE_CHECK].conclusion) == ("completed", "failure")
    codes = [row.entry.event for row in bot.store.ledger.rows() if row.entry.decision == "refused"]
    assert len(codes) == 1, codes

    with town.expect_no_writes():
        bot.sweeps()
    return codes[0]


def entry(**more: str) -> dict[str, str]:
    return {"tag": "7.0.0", "sha": "abc1234", "digest": digest("a"), **more}


def test_an_artifact_of_another_commit_is_refused(bot: Bot, town: Town):
    data = json.dumps({"api": entry(sha="0000000")}).encode()
    assert refused(bot, town, {"component-tags.json": data}) == "sha_mismatch"


def test_a_run_without_the_artifact_is_refused(bot: Bot, town: Town):
    run = town.started(commit(town))
    town.github.finish_run(run, "success", {"something-else": {"x": b"y"}})
    bot.settles()
    assert [decision for decision, _ in bot.ledger("no_artifact")] == ["refused"]


@pytest.mark.parametrize(
    "data",
    [
        b"not json",
        b"{}",
        b'{"api": {"tag": "1", "sha": "abc1234"}}',
        b'{"api": NaN}',
        b'\xef\xbb\xbf{"api": {}}',
    ],
    ids=["no json", "empty", "digest missing", "NaN", "byte order mark"],
)
def test_case_35_a_malformed_component_tags_json_is_refused_whole(bot: Bot, town: Town, data):
    assert refused(bot, town, {"component-tags.json": data}) == "bad_component_tags"


@pytest.mark.parametrize(
    "bad",
    [
        "latest",
        "sha256:" + "a" * 63,
        "sha256:" + "A" * 64,
        "sha256:" + "a" * 64 + "\n",
        "other@sha256:" + "a" * 64,
        "md5:" + "a" * 32,
    ],
)
def test_case_37_only_a_canonical_digest_is_taken(bot: Bot, town: Town, bad):
    data = json.dumps({"api": entry(digest=bad)}).encode()
    assert refused(bot, town, {"component-tags.json": data}) == "bad_component_tags"


def test_case_32_a_component_of_another_source_refuses_the_whole_artifact(bot: Bot, town: Town):
    run = town.started(commit(town))
    tags = {name: entry(sha=run.head_sha[:7]) for name in ("api", "database")}
    town.github.finish_run(
        run, "success", {"component-tags": {"component-tags.json": json.dumps(tags).encode()}}
    )
    bot.settles()
    assert town.pulls("all") == []
    assert [decision for decision, _ in bot.ledger("component_not_owned")] == ["refused"]


@pytest.mark.parametrize("evil", ["../../x", "/etc/x", "C:\\x", "a\\..\\b"])
def test_case_33_a_zip_with_an_unsafe_name_is_refused_whole(bot: Bot, town: Town, evil):
    run = town.started(commit(town))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("component-tags.json", town.tags(run, api="a")["component-tags.json"])
        archive.writestr(evil, b"x")
    town.finished(run, artifact=packed.getvalue())
    bot.settles()
    assert town.pulls("all") == []
    assert [decision for decision, _ in bot.ledger("bad_artifact")] == ["refused"]


def test_case_36_an_older_run_that_finishes_late_does_not_go_backwards(bot: Bot, town: Town):
    older = town.started(commit(town))
    newer = town.started(commit(town))
    town.finished(newer, api="c")
    bot.settles()
    town.finished(older, api="a")
    bot.settles()
    assert digest("c") in town.values("dev")
    assert [decision for decision, _ in bot.ledger("stale_run")] == ["refused"]


def test_a_refused_release_is_mended_by_running_the_workflow_again(bot: Bot, town: Town):
    run = town.started(commit(town))
    town.finished(run, artifact={"component-tags.json": b"not json"})
    bot.settles()
    town.github.advance(60)
    town.github.rerun(run)
    town.finished(run, api="a")
    bot.settles()
    assert digest("a") in town.values("dev")


def test_the_download_carries_no_token_to_the_storage(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    assert digest("a") in town.values("dev")
    assert downloads(town) != []
