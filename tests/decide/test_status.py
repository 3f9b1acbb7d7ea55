"""The answers to `/status` and `/dry-run`, sentence by sentence (row P12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.decide.overrides import Applied
from bot.decide.pull import PullDecision
from bot.decide.status import dry_run, sentence, status
from bot.model.action import Action, CheckRun, MergePull, SetCheck
from bot.model.approval_facts import Override, PullAt
from bot.model.facts import Actor
from bot.model.holds import Hold
from bot.model.verdict import Outcome, Verdict, Waiting
from tests.builders import promotion, release

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANA = Actor(id=7, login="ana")
AT = PullAt(repository_id=1, pull=2, base_ref="main", head_sha="f" * 40, environment="staging")
ASIDE = Override(
    gate="slo",
    reason="known @team outage",
    by=ANA,
    at=AT,
    given_at=NOW,
    expires_at=NOW + timedelta(hours=1),
)
BOARD = {
    "taken_at": (NOW - timedelta(minutes=7)).isoformat(),
    "environments": [
        {
            "name": "dev",
            "problem": None,
            "components": {"api": {"tag": "1.7", "digest": f"sha256:{'a' * 64}"}},
        },
        {"name": "staging", "problem": "helm/values.yaml | is not YAML", "components": {}},
    ],
}


def verdict(gate: str, outcome: Outcome, headline: str, waiting: Waiting = Waiting.MACHINE) -> Verdict:
    return Verdict(
        gate=gate, outcome=outcome, headline=headline, waiting=waiting, reasons=(f"{gate} says so",)
    )


def decision(
    *verdicts: Verdict, actions: tuple[Action, ...] = (), used: tuple[Override, ...] = ()
) -> PullDecision:
    applied = Applied(verdicts=(), used=used, expired=(), next_change=None)
    return PullDecision(verdicts=verdicts, actions=actions, applied=applied)


def lines(text: str) -> list[str]:
    return text.splitlines()


WAITS = verdict("approvals", Outcome.WAIT, "Waits for: 1 of platform", Waiting.PERSON)
RUNS = verdict("soak", Outcome.WAIT, "Soaks until 13:00 UTC")
FAILS = verdict("coverage", Outcome.BLOCK, "Line coverage is 60%")


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (decision(), "This pull request is not open; there is nothing to decide."),
        (decision(verdict("slo", Outcome.PASS, "Fine")), "Nothing holds it."),
        (decision(WAITS), "Waits for: 1 of platform."),
        (decision(WAITS, FAILS), "Line coverage is 60%."),
    ],
)
def test_one_sentence_says_what_holds_it(found: PullDecision, says: str) -> None:
    assert sentence(found) == says


@pytest.mark.parametrize(
    ("open_", "who"),
    [(WAITS, "a person"), (RUNS, "nobody; it ends by itself"), (FAILS, "who answers for it; then `/retry`")],
)
def test_each_open_question_names_who_can_act(open_: Verdict, who: str) -> None:
    (row,) = [
        each for each in lines(status(decision(open_), None, [], [], [], NOW)) if open_.headline in each
    ][1:]
    assert row.endswith(f"| {who} |")


def test_reasons_of_what_is_open_are_told_and_those_of_the_rest_are_not() -> None:
    text = status(decision(FAILS, verdict("slo", Outcome.PASS, "Fine")), None, [], [], [], NOW)
    assert "- **coverage**: coverage says so" in text
    assert "slo says so" not in text


def test_an_override_is_told_with_its_reason_defanged() -> None:
    text = status(decision(FAILS, used=(ASIDE,)), None, [], [], [], NOW)
    (row,) = [each for each in lines(text) if "set aside" in each]
    assert row.startswith("- `slo` is set aside by ana until 13:00 UTC: known ")
    assert "@team" not in row


def test_what_runs_where_stands_in_a_table_that_nothing_runs_into() -> None:
    rows = lines(status(decision(), None, [BOARD], [], [], NOW))
    start = rows.index("| environment | runs | open |")
    assert rows[start + 2 : start + 5] == [
        "| dev | api 1.7 `aaaaaaaaaaaa` | – |",
        r"| staging | helm/values.yaml \| is not YAML | – |",
        "",
    ]
    assert rows[-1] == "Environments as read 7 minutes ago."


@pytest.mark.parametrize(
    ("hold", "says"),
    [
        (Hold(repository_id=1, environment="staging", reason="", by=ANA, at=NOW), "`staging` is held by ana"),
        (Hold(repository_id=1, pull=2, reason="moving", by=ANA, at=NOW), "#2 is held by ana"),
    ],
)
def test_holds_are_told(hold: Hold, says: str) -> None:
    assert says in status(decision(), None, [], [hold], [], NOW)


def test_a_dry_run_of_a_stranger_s_pull_request_does_nothing() -> None:
    assert dry_run(decision(FAILS), None) == "Nothing would be done: this is no promotion of Lockstep's."


CHECK = CheckRun(
    name="lockstep: main",
    head_sha="f" * 40,
    status="completed",
    conclusion="success",
    title="All | yes",
    summary="",
)
SHOW = SetCheck(because="x", check=CHECK)
MERGE = MergePull(because="x", number=2, expected_head="f" * 40, title="t", message="m")


@pytest.mark.parametrize(
    ("actions", "says"),
    [
        ((SHOW, MERGE), "- it would be merged (merge) at fffffff"),
        ((SHOW,), "- it would not be merged: Line coverage is 60%."),
    ],
)
def test_a_dry_run_tells_each_write_and_the_merge(actions: tuple[Action, ...], says: str) -> None:
    text = dry_run(decision(FAILS, actions=actions), promotion("staging", "f" * 40, release(7, api="a")))
    assert r"- `lockstep: main` would become success: All \| yes" in text
    assert lines(text)[-1] == says
