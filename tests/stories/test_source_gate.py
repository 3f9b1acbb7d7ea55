"""The promoted commit contains what the environment runs now, by Git's history (row R8, attack case 42)."""

from __future__ import annotations

from bot.sandbox.state import WorkflowRun
from tests.builders import digest
from tests.stories.cast import Bot, Town

SUMMARY = "lockstep: main"


def released_on(town: Town, sha: str, letter: str) -> WorkflowRun:
    """CI finishes once more, on this commit of main."""
    town.number += 1
    return town.finished(town.started(sha), api=letter)


def told(town: Town, environment: str) -> str:
    return str(town.checks(town.pull(environment))[SUMMARY].output["summary"])


def compares(town: Town) -> int:
    return sum("/compare/" in each.path for each in town.github.requests)


def test_a_release_that_contains_what_runs_is_merged_with_the_evidence(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    town.release(api="b")
    bot.settles()
    assert digest("b") in town.values("dev")
    merged = town.pulls("closed")[-1]
    summary = town.checks(merged)[SUMMARY].output["summary"]
    assert "whose commit contains what runs now" in summary
    assert "commits on GitHub" in summary


def test_case_42_a_newer_run_of_an_older_commit_is_no_way_back(bot: Bot, town: Town):
    old = town.release(api="a")
    bot.settles()
    town.release(api="b")
    bot.settles()
    released_on(town, old.head_sha, "c")
    bot.settles()
    assert town.check(town.pull("dev")) == ("completed", "failure")
    assert "which runs now; only a rollback goes back" in told(town, "dev")
    assert digest("c") not in town.values("dev")
    with town.expect_no_writes():
        bot.sweeps()


def test_where_the_rules_allow_it_the_older_commit_passes_with_a_warning(bot: Bot, town: Town):
    rules = town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml")
    assert rules is not None
    allowing = rules.replace(b"image: off}", b"image: off, source: {allow_downgrade: true}}", 1)
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": allowing}, by="ana")
    old = town.release(api="a")
    bot.settles()
    town.release(api="b")
    bot.settles()
    released_on(town, old.head_sha, "c")
    bot.settles()
    assert digest("c") in town.values("dev")
    assert "warning: api:" in town.checks(town.pulls("closed")[-1])[SUMMARY].output["summary"]


def test_two_commits_are_compared_once(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    old = town.release(api="b")
    bot.settles()
    assert compares(town) == 1
    released_on(town, old.head_sha, "c")
    bot.settles()
    bot.sweeps()
    assert compares(town) == 1
