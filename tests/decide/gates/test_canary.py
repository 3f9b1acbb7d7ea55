"""The canary gate: 10% of the traffic, 24 hours, 99% success; when it wakes up by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.decide.gates.canary import canary
from bot.model.facts import Unknown
from bot.model.measurements import CanaryReading, Measured
from bot.model.policy_gates import CanaryGate
from bot.model.verdict import Outcome
from tests.decide.gates.measured import DOWN, NOW, values

DAY = timedelta(hours=24)
GATE = CanaryGate(min_traffic_percent=10, min_duration=DAY, min_success_rate_percent=99)


def reading(
    since: datetime | Unknown | None, traffic: Measured | None, success: Measured | None
) -> CanaryReading:
    return CanaryReading(environment="canary", since=since, traffic=traffic, success_rate=success)


@pytest.mark.parametrize(
    ("ago", "traffic", "success", "outcome"),
    [
        (DAY, 10, 99, Outcome.PASS),
        (DAY - timedelta(seconds=1), 10, 99, Outcome.WAIT),
        (DAY, 9.99, 99, Outcome.BLOCK),
        (DAY, 10, 98.99, Outcome.BLOCK),
        (timedelta(hours=1), 3, 99, Outcome.WAIT),
        (timedelta(hours=1), 10, 90, Outcome.BLOCK),
        (-timedelta(hours=1), 10, 99, Outcome.WAIT),
    ],
)
def test_share_duration_and_success_must_all_do(
    ago: timedelta, traffic: float, success: float, outcome: Outcome
) -> None:
    found = canary(GATE, reading(NOW - ago, values(traffic), values(success)), NOW)
    assert found.verdict.outcome is outcome


def test_it_wakes_up_when_the_duration_is_over() -> None:
    since = NOW - timedelta(hours=23)
    found = canary(GATE, reading(since, values(10), values(99)), NOW)
    assert found.changes_at == since + DAY
    assert found.verdict.headline == (
        "The release in canary must be healthy for 24 h, until 2026-03-02 13:00 UTC"
    )


@pytest.mark.parametrize(
    ("since", "traffic", "success"),
    [
        (NOW - DAY, DOWN, values(99)),
        (NOW - DAY, values(10), DOWN),
        (NOW - DAY, None, values(99)),
        (Unknown(why="Argo CD did not answer"), values(10), values(99)),
    ],
)
def test_anything_that_was_not_read_is_unknown(
    since: datetime | Unknown, traffic: Measured | None, success: Measured
) -> None:
    assert canary(GATE, reading(since, traffic, success), NOW).verdict.outcome is Outcome.UNKNOWN


def test_a_canary_that_is_not_healthy_is_waited_for() -> None:
    found = canary(GATE, reading(None, values(10), values(99)), NOW)
    assert (found.verdict.outcome, found.changes_at) == (Outcome.WAIT, None)
