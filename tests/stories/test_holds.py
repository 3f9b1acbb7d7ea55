"""`/hold` and `/unhold`, `/status`, `/dry-run`, `/retry`: people stop things, and ask what is going on (row P12)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.stories.cast import Bot, Town
from tests.stories.test_overrides import answers, says


@pytest.fixture
def staging(bot: Bot, town: Town) -> Pull:
    """Staging's pull request waits for the platform team."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    town.release(api="a")
    bot.settles()
    town.github.advance(5)
    return town.pull("staging")


def test_a_held_pull_request_is_not_merged_and_says_who_holds_it(bot: Bot, town: Town, staging: Pull):
    answer = says(bot, town, staging, "cho", "/hold reason: the database is being moved")
    assert "nothing is merged until `/unhold`" in answer
    town.github.review(staging, "ana")
    bot.settles()
    assert not staging.merged
    assert town.check(staging) == ("completed", "action_required")
    assert (
        "Held by cho: the database is being moved" in town.checks(staging)["lockstep: main"].output["title"]
    )
    assert "lockstep:hold" in [label.name for label in staging.labels]


def test_letting_go_takes_the_label_off_and_merges(bot: Bot, town: Town, staging: Pull):
    says(bot, town, staging, "cho", "/hold")
    town.github.review(staging, "ana")
    bot.settles()
    says(bot, town, staging, "ana", "/unhold")
    assert staging.merged
    assert "lockstep:hold" not in [label.name for label in staging.labels]
    with town.expect_no_writes():
        bot.sweeps()


def test_a_hold_and_its_end_in_one_comment_leave_no_label(bot: Bot, town: Town, staging: Pull):
    answer = says(bot, town, staging, "cho", "/hold reason: a moment\n/unhold")
    assert "stays where it is" in answer
    assert "moves again" in answer
    assert "lockstep:hold" not in [label.name for label in staging.labels]
    town.github.review(staging, "ana")
    bot.settles()
    assert staging.merged


def test_a_hold_outlasts_the_label(bot: Bot, town: Town, staging: Pull):
    says(bot, town, staging, "cho", "/hold")
    town.github.unlabel(staging, "ana", "lockstep:hold")
    town.github.review(staging, "ana")
    bot.settles()
    assert not staging.merged


def test_a_held_environment_merges_nothing_and_opens_nothing_by_itself(bot: Bot, town: Town, staging: Pull):
    says(bot, town, staging, "ana", "/hold dev reason: incident 42")
    town.release(api="b")
    bot.settles()
    assert town.pulls("open") == [staging]
    says(bot, town, staging, "ana", "/unhold dev")
    assert "b" * 64 in town.values("dev")


def test_a_held_environment_keeps_its_open_pull_requests(bot: Bot, town: Town, staging: Pull):
    says(bot, town, staging, "ana", "/hold staging reason: incident 42")
    town.github.review(staging, "ana")
    bot.settles()
    assert not staging.merged
    assert "staging is held by ana: incident 42" in town.checks(staging)["lockstep: main"].output["title"]


def test_a_hold_of_an_unknown_environment_is_refused(bot: Bot, town: Town, staging: Pull):
    assert "`stagging` is not an environment" in says(bot, town, staging, "ana", "/hold stagging")


def test_case_67_a_reader_holds_nothing(bot: Bot, town: Town, staging: Pull):
    assert "needs write permission" in says(bot, town, staging, "ben", "/hold")
    assert bot.store.holds.active(town.github.repo("splattop/config").id) == ()


def test_status_tells_what_is_awaited_and_what_runs_where(bot: Bot, town: Town, staging: Pull):
    answer = says(bot, town, staging, "ana", "/status")
    assert "**api 7.0.0 to staging**, open." in answer
    assert "| ⏳ | approvals |" in answer
    assert f"| staging | api 1.0.0 `{'0' * 12}`" in answer
    assert "| dev | api 7.0.0 `aaaaaaaaaaaa`" in answer
    assert f"#{staging.number}" in answer


def test_status_on_a_merged_promotion_tells_what_runs_where(bot: Bot, town: Town, staging: Pull):
    answer = says(bot, town, town.pull("dev", "merged"), "ana", "/status")
    assert "| dev | api 7.0.0 `aaaaaaaaaaaa`" in answer


def test_a_dry_run_tells_that_it_would_not_be_merged_and_why(bot: Bot, town: Town, staging: Pull):
    answer = says(bot, town, staging, "ana", "/dry-run")
    assert "it would not be merged: Waits for" in answer


def test_retry_tries_a_refused_merge_again(bot: Bot, town: Town, staging: Pull):
    assert "Looked at everything again." in says(bot, town, staging, "ana", "/retry")


def test_case_71_every_button_and_rerun_is_authorized_like_the_comment(bot: Bot, town: Town, staging: Pull):
    run = town.checks(staging)["lockstep: main"]
    assert [each["identifier"] for each in run.actions] == ["recheck", "hold"]
    town.github.press(run, "hold", "ana")
    bot.settles()
    assert "nothing is merged until `/unhold`" in answers(staging)[-1]
    assert [each["identifier"] for each in town.checks(staging)["lockstep: main"].actions] == [
        "recheck",
        "unhold",
    ]
    town.github.press(town.checks(staging)["lockstep: main"], "unhold", "ana")
    bot.settles()
    assert "This pull request moves again." in answers(staging)[-1]


def test_a_pressed_button_is_obeyed_once(bot: Bot, town: Town, staging: Pull):
    town.github.press(town.checks(staging)["lockstep: main"], "hold", "ana")
    (pressed,) = [each for each in town.github.webhooks.take() if each.action == "requested_action"]
    bot.receives(pressed)
    bot.settles()
    with town.expect_no_writes():
        bot.receives(pressed)
        bot.settles()


def test_a_rerun_is_judged_afresh_and_posted_again(bot: Bot, town: Town, staging: Pull):
    town.github.rerequest(town.checks(staging)["lockstep: main"], "ana")
    bot.settles()
    assert town.check(staging) == ("completed", "action_required")
