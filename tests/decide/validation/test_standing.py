"""Whether deployments may pass, from all judged runs, overrides and decisions (row C4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.decide.validation.standing import Gate, standing
from bot.model.facts import Actor
from bot.model.validation import Decided, Incident, Outcome, Validated, ValidationOverride

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
P, F, U, I = Outcome.PASSED, Outcome.FAILED, Outcome.UNREADABLE, Outcome.IGNORED  # noqa: E741


def run(number: int, outcome: Outcome, deployment: str = "d1", attempt: int = 1) -> Validated:
    return Validated(
        config_repository_id=1,
        run_id=number,
        attempt=attempt,
        outcome=outcome,
        deployment=deployment,
        run_url=f"https://github.com/o/r/actions/runs/{number}",
        head_sha="a" * 40,
        at=NOW,
    )


def override(number: int, deployment: str = "d1", attempt: int = 1) -> ValidationOverride:
    return ValidationOverride(
        config_repository_id=1,
        deployment=deployment,
        run_id=number,
        attempt=attempt,
        by=Actor(id=1, login="ana"),
        reason="we accept the risk",
        at=NOW,
        expires_at=NOW + timedelta(hours=4),
        comment_id=1,
    )


def incident(**more: Any) -> Incident:
    """An open one that people have decided on."""
    known = {"opened_at": NOW, "decided": Decided.FIX_FORWARD, **more}
    return Incident(id=1, config_repository_id=1, deployment="d1", run_id=1, **known)


@pytest.mark.parametrize(
    ("runs", "gate"),
    [
        ([], Gate.UNKNOWN),
        ([run(1, I)], Gate.UNKNOWN),
        ([run(1, P)], Gate.OPEN),
        ([run(1, F)], Gate.BLOCKED),
        ([run(1, U)], Gate.BLOCKED),
        ([run(1, F), run(1, P, attempt=2)], Gate.OPEN),
        ([run(1, P), run(1, F, attempt=2)], Gate.BLOCKED),
        ([run(1, F), run(2, P)], Gate.OPEN),
        ([run(1, F), run(2, I)], Gate.BLOCKED),
        # Another deployment's success opens nothing, neither a later nor an earlier one's.
        ([run(1, F), run(2, P, "d2")], Gate.BLOCKED),
        ([run(1, P, "d1"), run(2, F, "d2"), run(3, P, "d1")], Gate.BLOCKED),
        ([run(1, F), run(2, F, "d2"), run(3, P, "d2")], Gate.BLOCKED),
        ([run(1, F), run(2, F, "d2"), run(3, P, "d2"), run(4, P, "d1")], Gate.OPEN),
    ],
)
def test_the_gate_opens_only_for_the_failed_deployments_own_success(
    runs: list[Validated], gate: Gate
) -> None:
    assert standing(runs, [], (), NOW).gate is gate
    assert standing(runs[::-1], [], (), NOW).gate is gate


@pytest.mark.parametrize(
    ("runs", "gate"),
    [
        ([run(1, F), run(2, P, "d2")], Gate.OPEN),
        ([run(1, F), run(2, F, "d2")], Gate.BLOCKED),
        ([run(1, P, "d0"), run(2, F), run(3, P, "d0")], Gate.BLOCKED),
    ],
)
def test_after_a_decision_a_newer_deployment_that_passes_ends_the_failure(
    runs: list[Validated], gate: Gate
) -> None:
    assert standing(runs, [], [incident()], NOW).gate is gate
    assert standing(runs, [], [incident(decided=None, false_positive=True)], NOW).gate is gate


def test_a_decision_is_about_every_failure_that_its_incident_has_gathered() -> None:
    runs = [run(1, F), run(2, F, "d2"), run(3, P, "d3")]
    assert standing(runs, [], [incident()], NOW).gate is Gate.OPEN
    assert standing(runs, [], [incident(decided=None)], NOW).gate is Gate.BLOCKED


def test_a_decision_on_an_earlier_incident_says_nothing_about_a_later_failure() -> None:
    over = incident(opened_at=NOW - 2 * HOUR, closed_at=NOW - HOUR)
    assert standing([run(1, F), run(2, P, "d2")], [], [over], NOW).gate is Gate.BLOCKED


def test_an_override_is_a_decision_until_it_is_taken_back() -> None:
    runs = [run(1, F), run(2, P, "d2")]
    assert standing(runs, [override(1)], [], NOW + 5 * HOUR).gate is Gate.OPEN
    assert standing(runs, [replace(override(1), cancelled_at=NOW)], [], NOW).gate is Gate.BLOCKED


def test_an_override_opens_until_it_expires() -> None:
    found = standing([run(1, F)], [override(1)], (), NOW)
    assert (found.gate, found.changes_at) == (Gate.OVERRIDDEN, NOW + timedelta(hours=4))
    assert standing([run(1, F)], [override(1)], (), NOW + timedelta(hours=4)).gate is Gate.BLOCKED


def test_an_override_that_was_taken_back_opens_nothing() -> None:
    assert standing([run(1, F)], [replace(override(1), cancelled_at=NOW)], (), NOW).gate is Gate.BLOCKED


@pytest.mark.parametrize("later", [run(1, F, attempt=2), run(2, F), run(2, F, "d2")])
def test_a_failure_that_came_later_was_not_acknowledged(later: Validated) -> None:
    assert standing([run(1, F), later], [override(1)], (), NOW).gate is Gate.BLOCKED


def test_a_newer_run_that_does_not_count_is_told() -> None:
    assert standing([run(1, P), run(2, I)], [], (), NOW).ignored == run(2, I)
    assert standing([run(1, I), run(2, P)], [], (), NOW).ignored is None
