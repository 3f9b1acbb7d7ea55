"""The metrics gate: the team's own queries, bounds, and the change since the deployment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.decide.gates import Gated
from bot.decide.gates.metrics import metrics
from bot.model.measurements import Measured, MetricReading, MetricsReading
from bot.model.policy_gates import MetricQuery, MetricsGate
from bot.model.verdict import Outcome
from tests.decide.gates.measured import DOWN, NOW, values

QUARTER = timedelta(minutes=15)


def judged(
    query: MetricQuery, now: Measured, before: Measured | None = None, *, ago: timedelta = QUARTER
) -> Gated:
    reading = MetricsReading(
        environment="staging",
        since=NOW - ago,
        metrics=(MetricReading(name=query.name, now=now, before=before),),
    )
    return metrics(MetricsGate(window=QUARTER, queries=(query,)), reading, NOW)


LATENCY = MetricQuery(name="latency", query="q", min=0.1, max=0.5, warn_max=0.4)
CHANGE = MetricQuery(name="latency", query="q", max_change_percent=20)


@pytest.mark.parametrize(
    ("value", "outcome", "reasons"),
    [
        (0.1, Outcome.PASS, 0),
        (0.45, Outcome.PASS, 1),
        (0.5, Outcome.PASS, 1),
        (0.51, Outcome.BLOCK, 0),
        (0.09, Outcome.BLOCK, 0),
    ],
)
def test_bounds_hold_at_their_borders_and_warnings_do_not_block(
    value: float, outcome: Outcome, reasons: int
) -> None:
    verdict = judged(LATENCY, values(value)).verdict
    assert (verdict.outcome, len(verdict.reasons)) == (outcome, reasons)


@pytest.mark.parametrize(
    ("before", "now", "outcome"),
    [
        (100, 120, Outcome.PASS),
        (100, 80, Outcome.PASS),
        (100, 120.1, Outcome.BLOCK),
        (100, 79.9, Outcome.BLOCK),
        (-100, -120, Outcome.PASS),
        (0, 0, Outcome.PASS),
        (0, 0.001, Outcome.BLOCK),
    ],
)
def test_a_change_either_way_is_bounded(before: float, now: float, outcome: Outcome) -> None:
    assert judged(CHANGE, values(now), values(before)).verdict.outcome is outcome


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (DOWN, values(1)),
        (values(1), DOWN),
        (values(1), None),
        (values(api=1), values(api=1, web=1)),
        (values(api=1, web=1), values(api=1)),
    ],
)
def test_a_change_that_cannot_be_measured_is_unknown(now: Measured, before: Measured | None) -> None:
    assert judged(CHANGE, now, before).verdict.outcome is Outcome.UNKNOWN


def test_a_change_is_judged_only_when_the_window_lies_after_the_deployment() -> None:
    found = judged(CHANGE, values(1), values(1), ago=timedelta(minutes=5))
    assert (found.verdict.outcome, found.changes_at) == (Outcome.WAIT, NOW + timedelta(minutes=10))


def test_a_query_that_was_not_asked_is_unknown() -> None:
    gate = MetricsGate(queries=(LATENCY,))
    assert metrics(gate, MetricsReading(environment="staging"), NOW).verdict.outcome is Outcome.UNKNOWN


def test_a_gate_without_queries_is_unknown() -> None:
    found = metrics(MetricsGate(), MetricsReading(environment="staging"), NOW)
    assert found.verdict.outcome is Outcome.UNKNOWN


def test_every_query_must_do() -> None:
    other = MetricQuery(name="queue", query="q", max=10)
    reading = MetricsReading(
        environment="staging",
        metrics=(
            MetricReading(name="latency", now=values(0.3)),
            MetricReading(name="queue", now=values(11)),
        ),
    )
    verdict = metrics(MetricsGate(queries=(LATENCY, other)), reading, NOW).verdict
    assert verdict.headline == "`queue` in staging is 11, needed: at most 10"
