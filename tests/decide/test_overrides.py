"""Overrides: who gets one, what it does to the verdicts, and when it ends (row B2; attack cases 48, 56, 68, 69)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.decide.authorize import Permit
from bot.decide.commands import CancelOverride
from bot.decide.commands import Override as OverrideCommand
from bot.decide.overrides import (
    Cancelled,
    Granted,
    Refused,
    apply_overrides,
    cancel_overrides,
    judge_override,
    overridable,
)
from bot.model.approval_facts import Override, PullAt
from bot.model.facts import Actor
from bot.model.policy_after import Commands
from bot.model.verdict import Evidence, Outcome, Verdict, worst

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ANA = Actor(id=11, login="ana")
HEAD = "a" * 40
AT = PullAt(repository_id=501, pull=7, base_ref="main", head_sha=HEAD, environment="staging")
YES = Permit(allowed=True, reason="ana is in the role sre")


def verdict(gate: str, outcome: Outcome = Outcome.BLOCK) -> Verdict:
    """A gate's answer."""
    shown = Evidence(measured="98", needed="at least 99", source="Prometheus")
    return Verdict(
        gate=gate, outcome=outcome, headline=f"{gate} is bad", reasons=("because",), evidence=(shown,)
    )


FAILING = (verdict("slo"), verdict("tests", Outcome.PASS), verdict("approvals", Outcome.WAIT))


def asked(gate: str | None = "slo", reason: str = "known outage, INC-7", **known: Any) -> Granted | Refused:
    """The answer to ana's `/override`."""
    fields: dict[str, Any] = {
        "actor": ANA,
        "permit": YES,
        "commands": Commands(),
        "at": AT,
        "asked_head": HEAD,
        "verdicts": FAILING,
        "now": NOW,
        "comment_id": 71,
    }
    command = OverrideCommand(name="override", raw="/override", line=1, gate=gate, reason=reason)
    return judge_override(command, **{**fields, **known})


def granted(**known: Any) -> Override:
    found = asked(**known)
    assert isinstance(found, Granted)
    return found.override


def refusal(**known: Any) -> str:
    found = asked(**known)
    assert isinstance(found, Refused)
    return found.why


OVERRIDE = Override(
    gate="slo",
    reason="known outage, INC-7",
    by=ANA,
    at=AT,
    given_at=NOW,
    expires_at=NOW + timedelta(hours=4),
    comment_id=71,
)


def test_an_override_is_for_this_gate_head_and_environment_for_four_hours() -> None:
    assert asked() == Granted(
        override=OVERRIDE,
        says="`slo` is set aside for aaaaaaa on its way to staging until 2026-05-04 16:00 UTC; "
        "`/override cancel slo` takes it back.",
    )


def test_the_rules_say_how_long_it_lasts() -> None:
    commands = Commands(override_expires=timedelta(minutes=30))
    assert granted(commands=commands).expires_at == NOW + timedelta(minutes=30)


@pytest.mark.parametrize("outcome", [Outcome.BLOCK, Outcome.UNKNOWN, Outcome.WAIT])
def test_a_gate_that_holds_for_whatever_reason_can_be_set_aside(outcome: Outcome) -> None:
    assert granted(verdicts=(verdict("slo", outcome),)).gate == "slo"


def test_without_a_name_the_only_failing_gate_is_meant() -> None:
    assert granted(gate=None).gate == "slo"


@pytest.mark.parametrize("name", ["error-budget", "Error_Budget"])
def test_a_gate_is_found_however_it_is_spelled(name: str) -> None:
    assert granted(gate=name, verdicts=(verdict("error_budget"),)).gate == "error_budget"


NOW_SLO = "To be set aside now: `slo`."


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"gate": "approvals"}, f"`approvals` cannot be overridden by anybody. {NOW_SLO}"),
        ({"gate": "guards"}, f"`guards` cannot be overridden by anybody. {NOW_SLO}"),
        ({"gate": "Guards"}, f"`guards` cannot be overridden by anybody. {NOW_SLO}"),
        ({"gate": "content"}, f"`content` is no gate that can be overridden. {NOW_SLO}"),
        ({"gate": "sloo"}, f"`sloo` is no gate that can be overridden. {NOW_SLO}"),
        ({"gate": "<!-- x -->"}, f"`<\u200b!-- x -->` is no gate that can be overridden. {NOW_SLO}"),
        ({"gate": "tests"}, f"`tests` does not hold this pull request. {NOW_SLO}"),
        ({"gate": "canary"}, f"`canary` does not hold this pull request. {NOW_SLO}"),
        (
            {"gate": None, "verdicts": (verdict("slo"), verdict("soak", Outcome.WAIT))},
            "Name the gate: `/override <gate> reason: <words>`. To be set aside now: `slo`, `soak`.",
        ),
        (
            {"gate": None, "verdicts": (verdict("approvals"),)},
            "No gate holds this pull request now.",
        ),
        ({"at": None}, "There is nothing to override: this is not a promotion."),
        (
            {"permit": Permit(allowed=False, reason="`/override` is for the role sre.")},
            "`/override` is for the role sre.",
        ),
    ],
)
def test_case_68_what_is_refused_and_why(known: dict[str, Any], why: str) -> None:
    assert refusal(**known) == why


@pytest.mark.parametrize(
    "reason",
    ["", "   ", '""', "\u200b\u200b", "\u2060\u00ad\ufeff", "\u3164", "…!", "\u202e"],
    ids=["none", "spaces", "quotes", "zero width", "format", "filler", "no word", "direction"],
)
def test_case_68_a_reason_without_words_is_refused(reason: str) -> None:
    assert refusal(reason=reason).startswith("An override needs a reason in words")


def test_case_68_a_reason_of_ten_kilobytes_is_refused() -> None:
    assert refusal(reason="x" * 10_000) == "The reason is longer than 2,000 characters."


def test_what_cannot_be_seen_is_not_kept_in_the_reason() -> None:
    assert granted(reason="out\u200bage \u202enow").reason == "outage now"


@pytest.mark.parametrize("head", ["b" * 40, None], ids=["pushed since", "cannot be told"])
def test_case_56_an_override_of_another_head_is_refused(head: str | None) -> None:
    assert refusal(asked_head=head) == (
        "Head moved: the override was not given to aaaaaaa. Look again, and repeat it."
    )


def test_only_gates_can_be_set_aside() -> None:
    found = [
        verdict(name) for name in ("config", "slo", "approvals", "guards", "required checks", "hold", "soak")
    ]
    assert overridable(found) == ("slo", "soak")


def outcomes(*overrides: Override, at: PullAt = AT, now: datetime = NOW) -> dict[str, Outcome]:
    return {each.gate: each.outcome for each in apply_overrides(FAILING, overrides, at, now).verdicts}


def test_an_override_lets_its_gate_pass_and_no_other() -> None:
    assert outcomes(OVERRIDE) == {"slo": Outcome.PASS, "tests": Outcome.PASS, "approvals": Outcome.WAIT}


def test_case_69_the_verdict_shows_who_and_why_and_what_was_set_aside() -> None:
    shown = apply_overrides(FAILING, (OVERRIDE,), AT, NOW).verdicts[0]
    assert (shown.headline, shown.reasons) == (
        r"Set aside by ana until 2026-05-04 16:00 UTC: known outage, INC\-7",
        ("Without the override: block: slo is bad", "because"),
    )


def test_case_69_the_measured_value_stays_in_the_evidence() -> None:
    shown = apply_overrides(FAILING, (OVERRIDE,), AT, NOW).verdicts[0].evidence
    assert [(each.measured, each.needed, each.source) for each in shown] == [
        ("set aside by ana", "an override until 2026-05-04 16:00 UTC", "comment 71"),
        ("98", "at least 99", "Prometheus"),
    ]


def test_case_92_a_reason_mentions_nobody() -> None:
    loud = replace(OVERRIDE, reason="@org/all Fixes #1 <!-- lockstep:story -->")
    shown = apply_overrides(FAILING, (loud,), AT, NOW).verdicts[0].headline
    assert not any(live in shown for live in ("@org", "#1", "<!--"))


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"head_sha": "b" * 40},
        {"pull": 8},
        {"repository_id": 502},
        {"environment": "production"},
        {"base_ref": "release"},
    ],
    ids=["another head", "another pull request", "another repository", "another environment", "case 48"],
)
def test_case_69_an_override_counts_nowhere_else(elsewhere: dict[str, Any]) -> None:
    assert outcomes(OVERRIDE, at=replace(AT, **elsewhere))["slo"] is Outcome.BLOCK


@pytest.mark.parametrize(
    ("later", "outcome"),
    [
        (timedelta(0), Outcome.PASS),
        (timedelta(hours=4) - timedelta(microseconds=1), Outcome.PASS),
        (timedelta(hours=4), Outcome.BLOCK),
        (timedelta(days=9), Outcome.BLOCK),
        (-timedelta(seconds=1), Outcome.BLOCK),
    ],
    ids=["at once", "to the last moment", "not at its end", "not after it", "not before it"],
)
def test_case_69_an_override_counts_until_it_expires(later: timedelta, outcome: Outcome) -> None:
    assert outcomes(OVERRIDE, now=NOW + later)["slo"] is outcome


def test_a_cancelled_override_counts_no_longer() -> None:
    assert outcomes(replace(OVERRIDE, cancelled_at=NOW))["slo"] is Outcome.BLOCK


@pytest.mark.parametrize("gate", ["approvals", "guards", "config"])
def test_case_68_a_stored_override_of_what_cannot_be_overridden_does_nothing(gate: str) -> None:
    found = apply_overrides((verdict(gate),), (replace(OVERRIDE, gate=gate),), AT, NOW)
    assert (found.verdicts, found.used) == ((verdict(gate),), ())


def test_an_override_of_a_gate_that_passes_is_not_used() -> None:
    healthy = (verdict("slo", Outcome.PASS),)
    found = apply_overrides(healthy, (OVERRIDE,), AT, NOW)
    assert (found.verdicts, found.used) == (healthy, ())


def test_without_overrides_the_verdicts_stay_as_they_are() -> None:
    assert apply_overrides(FAILING, (), AT, NOW).verdicts == FAILING


LONGER = replace(OVERRIDE, expires_at=NOW + timedelta(hours=6))
LATER = replace(OVERRIDE, given_at=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("overrides", "moment"),
    [
        ((), None),
        ((OVERRIDE,), OVERRIDE.expires_at),
        ((OVERRIDE, LONGER), LONGER.expires_at),
        ((LONGER, OVERRIDE), LONGER.expires_at),
        ((LATER,), LATER.given_at),
        ((replace(OVERRIDE, cancelled_at=NOW),), None),
        ((replace(LATER, cancelled_at=NOW),), None),
        ((replace(OVERRIDE, gate="tests"),), None),
        ((replace(OVERRIDE, at=replace(AT, pull=8)),), None),
        ((replace(OVERRIDE, expires_at=NOW),), None),
    ],
    ids=[
        "none",
        "one",
        "two",
        "two, turned",
        "later",
        "cancelled",
        "later, cancelled",
        "passing gate",
        "elsewhere",
        "expired",
    ],
)
def test_the_next_moment_at_which_the_answer_changes_is_told(
    overrides: tuple[Override, ...], moment: datetime | None
) -> None:
    assert apply_overrides(FAILING, overrides, AT, NOW).next_change == moment


def test_at_that_moment_the_answer_does_change() -> None:
    moment = apply_overrides(FAILING[:2], (OVERRIDE,), AT, NOW).next_change
    assert moment is not None
    before = apply_overrides(FAILING[:2], (OVERRIDE,), AT, moment - timedelta(microseconds=1))
    after = apply_overrides(FAILING[:2], (OVERRIDE,), AT, moment)
    assert (worst(before.verdicts), worst(after.verdicts)) == (Outcome.PASS, Outcome.BLOCK)


def test_what_has_expired_here_is_told_for_the_ledger() -> None:
    elsewhere = replace(OVERRIDE, at=replace(AT, pull=8))
    taken_back = replace(OVERRIDE, gate="soak", cancelled_at=NOW)
    found = apply_overrides(FAILING, (OVERRIDE, elsewhere, taken_back), AT, OVERRIDE.expires_at)
    assert found.expired == (OVERRIDE,)


def cancelled(gate: str | None, *overrides: Override, **known: Any) -> Cancelled | Refused:
    """The answer to ana's `/override cancel`."""
    fields: dict[str, Any] = {"actor": ANA, "permit": YES, "at": AT, "overrides": overrides, "now": NOW}
    command = CancelOverride(name="override", raw="/override cancel", line=1, gate=gate)
    return cancel_overrides(command, **{**fields, **known})


SOAK = replace(OVERRIDE, gate="soak")


@pytest.mark.parametrize(
    ("gate", "gone", "says"),
    [
        ("slo", (OVERRIDE,), "The override of `slo` is taken back."),
        ("SLO", (OVERRIDE,), "The override of `slo` is taken back."),
        (None, (OVERRIDE, SOAK), "The override of `slo`, `soak` is taken back."),
    ],
)
def test_overrides_can_be_taken_back(gate: str | None, gone: tuple[Override, ...], says: str) -> None:
    expected = tuple(replace(each, cancelled_at=NOW, cancelled_by=ANA) for each in gone)
    assert cancelled(gate, OVERRIDE, SOAK) == Cancelled(overrides=expected, says=says)


NONE_HERE = Refused(why="No override is in force here that could be taken back.")


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        ({"now": OVERRIDE.expires_at}, NONE_HERE),
        ({"at": replace(AT, pull=8)}, NONE_HERE),
        ({"at": None}, NONE_HERE),
        ({"permit": Permit(allowed=False, reason="no")}, Refused(why="no")),
    ],
    ids=["expired", "elsewhere", "no promotion", "not permitted"],
)
def test_what_is_not_in_force_cannot_be_taken_back(known: dict[str, Any], answer: Refused) -> None:
    assert cancelled("slo", OVERRIDE, **known) == answer
