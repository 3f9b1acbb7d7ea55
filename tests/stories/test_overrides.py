"""Overrides: a failing gate set aside by who may, with a reason, for this head only, for a while (row B2)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.stories.cast import Bot, Town
from tests.stories.test_audit import ledger_refuses
from tests.stories.test_gates import GOOD, built, demand, lcov, told
from tests.stories.trouble import HOUR

LOW = {**GOOD, "coverage": {"lcov.info": lcov(6, 10)}}
ROLES = "commands: {override: [platform], override_expires: 1h}\n"
SAID = "/override coverage reason: the generated client is not tested"


@pytest.fixture
def low(bot: Bot, town: Town) -> Pull:
    """Staging demands 70% coverage, and the release that waits for it has 60%."""
    for login in ("cho", "eve"):
        town.github.user(login)
        town.github.grant(login, "splattop/config", "write")
    town.github.team("splattop/platform", members=["ana", "cho"])
    demand(town, "coverage: {min_percent: 70}", top=ROLES)
    built(town, LOW)
    bot.settles()
    town.github.advance(5)
    return town.pull("staging")


def says(bot: Bot, town: Town, pull: Pull, by: str, text: str) -> str:
    """Somebody comments; the answer."""
    before = len(answers(pull))
    town.github.comment(pull, by, text)
    bot.settles()
    town.github.advance(5)
    found = answers(pull)[before:]
    assert len(found) == 1, f"{len(found)} answers to {text!r}"
    return found[0]


def conflict(town: Town) -> None:
    """Somebody edits the same lines on the base branch, so that the pull request must be written anew."""
    edited = town.values("staging").replace("1.0.0", "1.0.1")
    town.github.push("splattop/config", "main", {"helm/values-staging.yaml": edited}, by="ana")


def answers(pull: Pull) -> list[str]:
    return [each.body for each in pull.comments if "lockstep:answer" in each.body]


def gates(town: Town, pull: Pull) -> tuple[str, str | None]:
    return town.check(pull, "lockstep: main / gates")


def test_a_gate_that_was_set_aside_passes_and_shows_who_why_and_until_when(bot: Bot, town: Town, low: Pull):
    assert gates(town, low) == ("completed", "failure")
    answer = says(bot, town, low, "cho", SAID)
    assert "`coverage` is set aside" in answer
    assert gates(town, low) == ("completed", "success")
    assert "Set aside by cho until" in told(town)
    assert "the generated client is not tested" in told(town)
    assert "Without the override: block: Line coverage is 60%" in told(town)


def test_the_release_is_merged_when_the_rest_is_green_and_approved(bot: Bot, town: Town, low: Pull):
    says(bot, town, low, "cho", SAID)
    town.github.review(low, "ana")
    bot.settles()
    assert low.merged
    with town.expect_no_writes():
        bot.sweeps()


def test_an_approval_from_before_the_override_is_asked_for_again(bot: Bot, town: Town, low: Pull):
    town.github.review(low, "ana")
    bot.settles()
    town.github.advance(5)
    says(bot, town, low, "cho", SAID)
    assert not low.merged
    shown = town.checks(low)["lockstep: main / approvals"].output["summary"]
    assert "coverage was set aside by an override since" in shown
    town.github.review(low, "ana")
    bot.settles()
    assert low.merged


def test_it_is_in_the_ledger_with_actor_reason_and_gate(bot: Bot, town: Town, low: Pull):
    says(bot, town, low, "cho", SAID)
    (row,) = [each.entry for each in bot.store.ledger.rows() if each.entry.event == "override"]
    assert (row.decision, row.reason, row.actor_login) == (
        "done",
        "the generated client is not tested",
        "cho",
    )
    assert row.details["gate"] == "coverage"
    assert row.actor_id == town.github.user("cho").id


def test_it_is_counted(bot: Bot, town: Town, low: Pull):
    says(bot, town, low, "cho", SAID)
    assert b"lockstep_overrides_granted 1.0" in bot.client.get("/metrics").data


def test_an_overdue_override_wakes_the_promotion_by_itself_and_the_gate_fails_again(
    bot: Bot, town: Town, low: Pull
):
    says(bot, town, low, "cho", SAID)
    bot.waits(3600)
    assert gates(town, low) == ("completed", "failure")
    assert [reason for _, reason in bot.ledger("override_expired")] == [
        "the override of coverage by cho ran out"
    ]
    with town.expect_no_writes():
        bot.sweeps()


def test_case_69_77_an_override_that_ran_out_before_the_merge_merges_nothing(bot: Bot, town: Town, low: Pull):
    says(bot, town, low, "cho", SAID)
    before = len(town.writes())
    town.github.advance(3600)
    town.github.review(low, "ana")
    bot.settles()
    assert not low.merged
    assert gates(town, low) == ("completed", "failure")
    assert "/merge" not in " ".join(town.writes()[before:])


def test_case_69_it_does_not_count_for_another_head(bot: Bot, town: Town, low: Pull):
    says(bot, town, low, "cho", SAID)
    before = low.head_sha
    conflict(town)
    bot.settles()
    assert low.head_sha != before
    assert gates(town, low) == ("completed", "failure")


def test_case_69_it_does_not_count_for_another_pull_request(bot: Bot, town: Town, low: Pull):
    says(bot, town, low, "cho", SAID)
    town.github.close(low, "ana")
    bot.settles()
    town.github.comment(town.pull("dev", "merged"), "eve", "/promote staging")
    bot.settles()
    again = town.pull("staging")
    assert again.number != low.number
    assert gates(town, again) == ("completed", "failure")


def test_it_is_taken_back(bot: Bot, town: Town, low: Pull):
    says(bot, town, low, "cho", SAID)
    assert says(bot, town, low, "ana", "/override cancel coverage").endswith(
        "The override of `coverage` is taken back."
    )
    assert gates(town, low) == ("completed", "failure")
    assert [decision for decision, _ in bot.ledger("override_cancelled")] == ["done"]


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("/override coverage", "Usage: `/override [gate] reason: <words>"),
        ('/override coverage --reason ""', "its reason is empty"),
        ("/override coverage reason: \u200b\u200b", "its reason is empty"),
        (f"/override coverage reason: {'x' * 10_000}", "its reason is longer than 2,000 characters"),
        ("/override approvals reason: hurry", "`approvals` cannot be overridden by anybody"),
        ("/override guards reason: hurry", "`guards` cannot be overridden by anybody"),
        ("/override helm-lint reason: hurry", "`helm-lint` is no gate that can be overridden"),
        ("/override slo reason: hurry", "`slo` does not hold this pull request"),
    ],
)
def test_case_68_what_is_no_override_is_refused_and_changes_nothing(
    bot: Bot, town: Town, low: Pull, text: str, because: str
):
    before = town.checks(low)["lockstep: main / gates"].id
    assert because in says(bot, town, low, "cho", text)
    assert town.checks(low)["lockstep: main / gates"].id == before
    assert bot.store.overrides.of(town.github.repo("splattop/config").id, low.number) == ()


def test_case_67_somebody_outside_the_role_is_refused_and_told_who_may(bot: Bot, town: Town, low: Pull):
    answer = says(bot, town, low, "eve", SAID)
    assert "`/override` in staging is for the role platform, and eve is not in it" in answer
    assert gates(town, low) == ("completed", "failure")
    assert [decision for decision, _ in bot.ledger("command_override")] == ["refused"]


def test_case_56_an_override_from_before_the_last_push_is_refused(bot: Bot, town: Town, low: Pull):
    town.github.comment(low, "cho", SAID)
    (said,) = [each for each in town.github.webhooks.take() if each.event == "issue_comment"]
    town.github.advance(5)
    conflict(town)
    bot.settles()
    bot.receives(said)
    bot.settles()
    assert "Head moved" in answers(low)[-1]
    assert gates(town, low) == ("completed", "failure")


def test_case_97_without_a_ledger_row_nothing_is_set_aside(
    bot: Bot, town: Town, low: Pull, database_url: str
):
    with ledger_refuses(database_url, "override"):
        town.github.comment(low, "cho", SAID)
        bot.settles()
        assert gates(town, low) == ("completed", "failure")
        assert bot.store.overrides.of(town.github.repo("splattop/config").id, low.number) == ()
    bot.waits(HOUR)
    assert gates(town, low) == ("completed", "success")
