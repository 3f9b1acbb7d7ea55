"""The response: one incident, three intervention points, a clock, an override that acknowledges (rows C4 to C6)."""

from __future__ import annotations

import pytest

from bot.sandbox import actions
from bot.sandbox.state import Issue
from tests.stories.cast import Bot, Town
from tests.stories.validating import FAILED, PASSED, asks, finish, gate, incidents, move_in, start, validated

MINUTE = 60


@pytest.fixture
def failing(bot: Bot, town: Town) -> Issue:
    """A failed validation, and its incident."""
    move_in(bot)
    validated(town, FAILED)
    bot.settles()
    (issue,) = incidents(town)
    return issue


def answer(issue: Issue) -> str:
    """What the bot said last."""
    return next(each.body for each in reversed(issue.comments) if each.user.login == "lockstep[bot]")


def says(bot: Bot, issue: Issue, by: str, text: str) -> str:
    """Somebody comments; the bot's answer."""
    bot.town.github.comment(issue, by, text)
    bot.settles()
    return answer(issue)


def told(bot: Bot, event: str) -> list[dict[str, object]]:
    return [dict(row.entry.details) for row in bot.store.ledger.rows(event=event)]


def test_the_incident_tells_what_failed_and_the_three_intervention_points(failing: Issue) -> None:
    body = failing.body or ""
    assert failing.title == "Incident in production: validation of deploy-12345 failed"
    assert {each.name for each in failing.labels} == {"lockstep:incident", "env:production"}
    assert "`add-exercise.yml` ended with exit code 1" in body
    for point in (
        "1. Review",
        "2. Decision",
        "3. Action",
        "`/ack`",
        "`/decide rollback`",
        "`/override validation",
    ):
        assert point in body
    assert "Investigate failed assertions" in body


def test_acknowledging_is_told_and_stands_in_the_timeline(bot: Bot, town: Town, failing: Issue) -> None:
    bot.waits(5 * MINUTE)
    assert "Acknowledged" in says(bot, failing, "ana", "/ack")
    assert "acknowledged by `ana`" in (failing.body or "")
    (details,) = told(bot, "incident_acknowledged")
    assert details["environment"] == "production"
    assert 300 <= int(str(details["acknowledged_after"])) < 420
    assert "ana has acknowledged it already" in says(bot, failing, "cho", "/ack")
    with town.expect_no_writes():
        bot.sweeps()


def test_case_67_a_reader_may_not_acknowledge(bot: Bot, failing: Issue) -> None:
    assert "needs write permission" in says(bot, failing, "ben", "/ack")
    assert told(bot, "incident_acknowledged") == []


@pytest.mark.parametrize("what", ["rollback", "fix-forward", "accept"])
def test_a_decision_is_recorded_with_who_and_why(bot: Bot, failing: Issue, what: str) -> None:
    assert "Decided" in says(bot, failing, "cho", f"/decide {what} reason: checkout is broken")
    (details,) = told(bot, "incident_decided")
    assert (details["decided"], details["because"]) == (what, "checkout is broken")
    assert f"**{what}** by `cho`" in (failing.body or "")


def test_case_67_only_the_role_decides(bot: Bot, failing: Issue) -> None:
    assert "is for the role sre" in says(bot, failing, "ana", "/decide accept reason: it is fine")
    assert told(bot, "incident_decided") == []


@pytest.mark.parametrize("text", ["/decide", "/decide maybe reason: x", "/decide accept", "/false-positive"])
def test_a_decision_needs_its_words(bot: Bot, failing: Issue, text: str) -> None:
    assert "Usage:" in says(bot, failing, "cho", text)


def test_case_69_an_override_that_acknowledges_lets_deployments_pass_for_a_while(
    bot: Bot, town: Town, failing: Issue
) -> None:
    said = says(bot, failing, "cho", "/override validation reason: CDN fix is urgent, we accept the risk")
    assert "Deployments may pass the failed validation of `deploy-12345` until" in said
    assert gate(town) == ("success", "Production validation of deploy-12345 failed; overridden by cho")
    request = asks(town)
    bot.settles()
    assert request.state == "approved"
    assert "Overridden by `cho`" in request.comments[-1]
    (row,) = [each.entry for each in bot.store.ledger.rows(event="validation_overridden")]
    assert (row.actor_login, row.decision) == ("cho", "done")
    assert row.details["failed_flows"][0]["flowName"] == "add-exercise.yml"
    assert row.details["expires_at"]
    bot.waits(4 * 60 * MINUTE + 1)
    assert gate(town)[0] == "failure"
    late = asks(town)
    bot.settles()
    assert late.state == "rejected"


@pytest.mark.parametrize(
    ("by", "text", "why"),
    [
        ("cho", "/override validation reason: ok", "must acknowledge the failure"),
        ("cho", "/override validation reason: accept the risk", "Say why, besides"),
        ("cho", "/override validation", "needs a reason"),
        ("cho", "/override slo reason: we accept the risk today", "one gate, `validation`"),
        ("ana", "/override validation reason: urgent, we accept the risk", "is for the role sre"),
        ("ben", "/override validation reason: urgent, we accept the risk", "needs write permission"),
    ],
)
def test_case_68_an_override_without_the_words_or_the_role_is_refused(
    bot: Bot, town: Town, failing: Issue, by: str, text: str, why: str
) -> None:
    before = len(bot.store.ledger.rows())
    assert why in says(bot, failing, by, text)
    rows = [row.entry for row in bot.store.ledger.rows()[before:] if row.entry.decision == "refused"]
    assert [(row.actor_login, row.actor_id) for row in rows] == [(by, town.github.user(by).id)]
    assert rows[0].event in ("command_override", "validation_overridden")
    assert rows[0].delivery_id
    assert gate(town)[0] == "failure"
    request = asks(town)
    bot.settles()
    assert request.state == "rejected"


def test_an_override_taken_back_blocks_again(bot: Bot, town: Town, failing: Issue) -> None:
    says(bot, failing, "cho", "/override validation reason: urgent, we accept the risk")
    assert "blocked again" in says(bot, failing, "cho", "/override cancel validation")
    assert gate(town)[0] == "failure"


def test_case_69_a_later_failure_is_not_covered_by_the_override(bot: Bot, town: Town, failing: Issue) -> None:
    says(bot, failing, "cho", "/override validation reason: urgent, we accept the risk")
    validated(town, FAILED)
    bot.settles()
    assert gate(town)[0] == "failure"
    assert len(incidents(town)) == 1


def test_case_64_a_comment_that_is_edited_into_a_command_does_nothing(
    bot: Bot, town: Town, failing: Issue
) -> None:
    comment = town.github.comment(failing, "cho", "looking")
    bot.settles()
    town.github.edit_comment(comment, "cho", "/override validation reason: urgent, we accept the risk")
    bot.settles()
    assert gate(town)[0] == "failure"


def test_a_green_rerun_closes_the_incident_with_its_times(bot: Bot, town: Town, failing: Issue) -> None:
    bot.waits(5 * MINUTE)
    says(bot, failing, "cho", "/ack")
    says(bot, failing, "cho", "/decide fix-forward reason: a typo in the config")
    bot.waits(20 * MINUTE)
    validated(town, PASSED)
    bot.settles()
    assert failing.state == "closed"
    assert "**Over** since" in (failing.body or "")
    assert "fix-forward decided after 5 min" in (failing.body or "")
    (details,) = told(bot, "incident_closed")
    assert 25 * MINUTE <= int(str(details["closed_after"])) < 30 * MINUTE
    assert gate(town)[0] == "success"
    with town.expect_no_writes():
        bot.sweeps().waits(60 * MINUTE)


def test_the_next_failure_after_that_is_another_incident(bot: Bot, town: Town, failing: Issue) -> None:
    validated(town, PASSED)
    bot.settles().waits(MINUTE)
    validated(town, FAILED)
    bot.settles()
    (second,) = incidents(town)
    assert second.number != failing.number


def test_nobody_acknowledges_and_role_after_role_is_called(bot: Bot, town: Town, failing: Issue) -> None:
    bot.waits(14 * MINUTE)
    assert told(bot, "incident_escalated") == []
    bot.waits(2 * MINUTE)
    assert "@splattop/sre" in answer(failing)
    assert "nobody has acknowledged it" in answer(failing)
    bot.waits(15 * MINUTE)
    assert "@splattop/platform" in answer(failing)
    assert [each["role"] for each in told(bot, "incident_escalated")] == ["sre", "platform"]
    with town.expect_no_writes():
        bot.waits(15 * MINUTE).waits(300 * MINUTE)


def test_an_acknowledged_incident_without_a_decision_calls_after_an_hour(
    bot: Bot, town: Town, failing: Issue
) -> None:
    says(bot, failing, "cho", "/ack")
    with town.expect_no_writes():
        bot.waits(50 * MINUTE)
    bot.waits(12 * MINUTE)
    assert [each["stage"] for each in told(bot, "incident_escalated")] == ["decision"]


def test_a_decision_that_is_not_done_is_reminded_of_and_a_done_one_is_not(
    bot: Bot, town: Town, failing: Issue
) -> None:
    says(bot, failing, "cho", "/decide fix-forward reason: a typo in the config")
    bot.waits(61 * MINUTE)
    assert [each["stage"] for each in told(bot, "incident_escalated")] == ["action"]
    validated(town, PASSED)
    bot.settles()
    with town.expect_no_writes():
        bot.waits(120 * MINUTE)


def test_an_override_silences_the_clock_until_it_ends(bot: Bot, failing: Issue) -> None:
    says(bot, failing, "cho", "/override validation reason: urgent, we accept the risk")
    bot.waits(200 * MINUTE)
    assert told(bot, "incident_escalated") == []


def test_a_worker_that_was_away_reminds_once_and_not_for_every_quarter_hour(bot: Bot, failing: Issue) -> None:
    bot.waits(600 * MINUTE)
    assert len(told(bot, "incident_escalated")) == 1


def test_a_false_positive_is_recorded_and_the_gate_stays_closed(bot: Bot, town: Town, failing: Issue) -> None:
    assert "Recorded as a false positive" in says(bot, failing, "cho", "/false-positive reason: flaky device")
    (details,) = told(bot, "incident_false_positive")
    assert (details["false_positive"], details["because"]) == (True, "flaky device")
    assert gate(town)[0] == "failure"
    bot.waits(300 * MINUTE)
    assert told(bot, "incident_escalated") == []


def test_an_incident_that_somebody_closes_by_hand_stays_so_until_there_is_news(
    bot: Bot, town: Town, failing: Issue
) -> None:
    world, cho = town.github.world, town.github.as_user("cho")
    actions.update_issue(world, cho, failing, state="closed")
    with town.expect_no_writes():
        bot.settles().sweeps()
    assert gate(town)[0] == "failure"
    validated(town, FAILED, "deploy-2")
    bot.settles()
    assert [each.number for each in incidents(town)] == [failing.number]
    actions.update_issue(world, cho, failing, state="closed")
    for deployment in ("deploy-1", "deploy-12345", "deploy-2"):
        validated(town, PASSED, deployment)
    bot.settles()
    assert gate(town)[0] == "success"
    assert failing.state == "closed"
    with town.expect_no_writes():
        bot.sweeps()


def test_what_turned_out_to_be_a_false_positive_is_recorded_when_it_is_over(
    bot: Bot, town: Town, failing: Issue
) -> None:
    validated(town, PASSED)
    bot.settles()
    assert failing.state == "closed"
    assert "is for the role sre" in says(bot, failing, "ana", "/false-positive reason: flaky")
    assert told(bot, "incident_false_positive") == []
    assert says(bot, failing, "cho", "/ack").endswith("so there is nothing to do.")
    assert says(bot, failing, "cho", "/false-positive reason: flaky device").endswith("a false positive.")
    assert "a false positive" in (failing.body or "")
    assert failing.state == "closed"
    validated(town, FAILED, "deploy-2")
    bot.settles()
    assert gate(town)[0] == "failure"
    assert len(incidents(town)) == 1
    with town.expect_no_writes():
        bot.sweeps().waits(60)


def test_after_a_decision_the_next_deployments_success_opens_the_gate(
    bot: Bot, town: Town, failing: Issue
) -> None:
    validated(town, PASSED, "deploy-2")
    bot.settles()
    assert gate(town)[0] == "failure"
    says(bot, failing, "cho", "/decide fix-forward reason: deploy-2 has the fix")
    assert gate(town)[0] == "success"
    assert failing.state == "closed"


def test_a_fix_that_fails_too_does_not_keep_the_gate_closed_behind_the_one_that_passes(
    bot: Bot, town: Town, failing: Issue
) -> None:
    says(bot, failing, "cho", "/decide fix-forward reason: deploy-2 has the fix")
    validated(town, FAILED, "deploy-2")
    bot.settles()
    assert gate(town)[0] == "failure"
    validated(town, PASSED, "deploy-3")
    bot.settles()
    assert gate(town)[0] == "success"
    assert failing.state == "closed"


def test_an_override_that_was_taken_back_is_no_decision(bot: Bot, town: Town, failing: Issue) -> None:
    says(bot, failing, "cho", "/override validation reason: urgent, we accept the risk")
    says(bot, failing, "cho", "/override cancel validation")
    validated(town, PASSED, "deploy-2")
    bot.settles()
    assert gate(town)[0] == "failure"
    assert failing.state == "open"


def test_case_92_words_of_the_report_cannot_act_on_the_issue(bot: Bot, town: Town) -> None:
    move_in(bot)
    evil = {"a.yml": "@splattop/platform Fixes #1 &lt;!-- lockstep:incident --&gt; ![x](http://evil/x.png)"}
    validated(town, evil)
    bot.settles()
    (issue,) = incidents(town)
    body = (issue.body or "").split("\n", 1)[1]
    assert "@splattop" not in body
    assert "<!-- lockstep:incident -->" not in body
    assert "![x](" not in body


def test_commands_for_pull_requests_are_answered_on_an_incident(bot: Bot, failing: Issue) -> None:
    assert "is for pull requests" in says(bot, failing, "cho", "/promote staging")


def test_case_9_a_redelivered_comment_is_obeyed_once(bot: Bot, town: Town, failing: Issue) -> None:
    town.github.comment(failing, "cho", "/ack")
    (delivery,) = town.github.webhooks.take("issue_comment")
    for _ in range(2):
        bot.receives(delivery)
        bot.settles()
    assert len(told(bot, "incident_acknowledged")) == 1
    assert len([each for each in failing.comments if "Acknowledged" in each.body]) == 1


def test_the_same_runs_second_failed_attempt_joins_the_incident(bot: Bot, town: Town, failing: Issue) -> None:
    run = start(town)
    finish(town, run, FAILED)
    bot.settles().waits(MINUTE)
    town.github.rerun(run)
    finish(town, run, FAILED)
    bot.settles()
    assert incidents(town) == [failing]
    assert bot.store.validations.incidents(town.github.repo("splattop/config").id)[0].alerts == 3


HIDDEN = ["> /ack", "`/ack`", "```\n/ack\n```", "    /ack", "<!--\n/ack\n-->", "please /ack"]


@pytest.mark.parametrize("text", HIDDEN)
def test_case_65_what_is_quoted_or_shown_is_no_command(
    bot: Bot, town: Town, failing: Issue, text: str
) -> None:
    town.github.comment(failing, "cho", text)
    bot.settles()
    assert told(bot, "incident_acknowledged") == []
    assert [each for each in failing.comments if each.user.login == "lockstep[bot]"] == []
