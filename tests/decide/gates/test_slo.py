"""The slo gate: its borders, its series, what is unknown."""

from __future__ import annotations

import pytest

from bot.decide.gates.slo import slo
from bot.model.measurements import Measured, SloReading
from bot.model.policy_gates import SloGate
from bot.model.verdict import Evidence, Outcome
from tests.decide.gates.measured import DOWN, NOW, values

GATE = SloGate(min_availability_percent=99, max_error_rate_percent=1)


def reading(availability: Measured | None, error_rate: Measured | None) -> SloReading:
    return SloReading(environment="staging", availability=availability, error_rate=error_rate)


@pytest.mark.parametrize(
    ("availability", "error_rate", "outcome"),
    [
        (99, 1, Outcome.PASS),
        (100, 0, Outcome.PASS),
        (98.99999999999999, 1, Outcome.PASS),  # 99 as binary fractions write it
        (98.999999, 1, Outcome.BLOCK),
        (99, 1.000001, Outcome.BLOCK),
        (98, 2, Outcome.BLOCK),
        (100.1, 0, Outcome.UNKNOWN),
        (99, -0.1, Outcome.UNKNOWN),
    ],
)
def test_the_border_itself_passes(availability: float, error_rate: float, outcome: Outcome) -> None:
    assert slo(GATE, reading(values(availability), values(error_rate))).verdict.outcome is outcome


def test_every_series_must_satisfy() -> None:
    verdict = slo(GATE, reading(values(api=100, web=98.5), values(0.1))).verdict
    assert verdict.outcome is Outcome.BLOCK
    assert (
        verdict.headline
        == "Availability in staging over 1 h is 98.5% (`component=web`), needed: at least 99%"
    )


def test_what_was_not_read_holds_even_beside_a_pass() -> None:
    verdict = slo(GATE, reading(values(100), DOWN)).verdict
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.headline == (
        "Error rate in staging over 1 h could not be read: Prometheus: 127.0.0.1 refused the connection"
    )


def test_what_was_not_read_hides_no_failure() -> None:
    verdict = slo(GATE, reading(values(50), DOWN)).verdict
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reasons == ("Availability in staging over 1 h is 50%, needed: at least 99%",)


def test_a_bound_that_was_not_measured_is_unknown() -> None:
    assert slo(GATE, reading(None, values(0))).verdict.outcome is Outcome.UNKNOWN


def test_a_gate_with_one_bound_asks_nothing_else() -> None:
    only = SloGate(max_error_rate_percent=1)
    assert slo(only, reading(None, values(0.5))).verdict.outcome is Outcome.PASS


def test_a_warning_shows_and_does_not_block() -> None:
    gate = SloGate(min_availability_percent=99, warn_availability_percent=99.9)
    verdict = slo(gate, reading(values(99.5), None)).verdict
    assert verdict.outcome is Outcome.PASS
    assert verdict.reasons == (
        "warning: Availability in staging over 1 h is 99.5%; the aim is at least 99.9%",
    )


def test_the_evidence_tells_value_threshold_source_and_time() -> None:
    gate = SloGate(min_availability_percent=99.9)
    assert slo(gate, reading(values(99.95), None)).verdict.evidence == (
        Evidence(
            measured="99.95%",
            needed="at least 99.9%",
            source="Prometheus",
            url="http://prometheus.example/graph",
            at=NOW,
        ),
    )


def test_a_value_just_below_is_not_rounded_to_the_threshold() -> None:
    verdict = slo(SloGate(min_availability_percent=99), reading(values(98.99999), None)).verdict
    assert verdict.evidence[0].measured == "98.99999%"
