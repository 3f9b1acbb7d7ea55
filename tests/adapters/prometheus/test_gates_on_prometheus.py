"""The Prometheus gates from samples to verdict, against a real Prometheus that holds what the tests wrote."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.outbound import Outbound
from bot.adapters.prometheus import Measures, Prometheus, Scope
from bot.decide.gates.canary import canary
from bot.decide.gates.error_budget import error_budget
from bot.decide.gates.metrics import metrics
from bot.decide.gates.slo import slo
from bot.model.policy_gates import CanaryGate, ErrorBudgetGate, MetricQuery, MetricsGate, SloGate
from bot.model.verdict import Outcome, Verdict
from tests.adapters.prometheus.samples import DEPLOYED, NOW, town
from tests.servers.running import prometheus

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
SEED = SloGate(min_availability_percent=99, max_error_rate_percent=1)
CANARY = CanaryGate(min_traffic_percent=10, min_duration=DAY, min_success_rate_percent=99)


def scope(*components: str, environment: str = "staging") -> Scope:
    return Scope(environment=environment, components=components)


def judged_slo(measures: Measures, gate: SloGate, *components: str) -> Verdict:
    return slo(gate, measures.slo(gate, scope(*components), NOW)).verdict


def test_an_error_rate_of_exactly_one_percent_passes(measures: Measures) -> None:
    verdict = judged_slo(measures, SEED, "api")
    assert verdict.outcome is Outcome.PASS
    assert [each.measured for each in verdict.evidence] == ["100%", "1%"]


def test_availability_of_exactly_the_threshold_passes_and_above_it_blocks(measures: Measures) -> None:
    served = 'rate(http_requests_total{environment="$environment",component="$component"%s}[$window])'
    good, every = served % ',code="200"', served % ""
    border = f"100 * sum({good}) / sum({every})"
    exact = SloGate(min_availability_percent=99, availability_query=border)
    above = SloGate(min_availability_percent=99.0001, availability_query=border)
    assert judged_slo(measures, exact, "api").outcome is Outcome.PASS
    assert judged_slo(measures, above, "api").outcome is Outcome.BLOCK


def test_a_component_that_never_failed_has_an_error_rate_of_zero(measures: Measures) -> None:
    verdict = judged_slo(measures, SloGate(max_error_rate_percent=0), "worker")
    assert (verdict.outcome, verdict.evidence[0].measured) == (Outcome.PASS, "0%")


def test_one_bad_component_blocks_the_release(measures: Measures) -> None:
    verdict = judged_slo(measures, SEED, "api", "web", "worker")
    assert verdict.outcome is Outcome.BLOCK
    assert "component=web" in verdict.headline


def test_a_component_without_a_series_is_unknown(measures: Measures) -> None:
    verdict = judged_slo(measures, SEED, "api", "gone")
    assert verdict.outcome is Outcome.UNKNOWN
    assert "no series for gone in staging" in verdict.headline


@pytest.mark.parametrize("gate", [SloGate(min_availability_percent=99), SloGate(max_error_rate_percent=1)])
def test_a_component_that_vanished_in_mid_window_is_unknown(measures: Measures, gate: SloGate) -> None:
    verdict = judged_slo(measures, gate, "api", "vanished")
    assert verdict.outcome is Outcome.UNKNOWN
    assert "no series for vanished in staging" in verdict.headline


def test_an_environment_without_traffic_is_unknown(measures: Measures) -> None:
    gate = SloGate(max_error_rate_percent=1)
    verdict = slo(gate, measures.slo(gate, scope("api", environment="quiet"), NOW)).verdict
    assert verdict.outcome is Outcome.UNKNOWN
    assert "NaN" in verdict.headline


@pytest.mark.parametrize(
    ("objective", "most", "outcome"),
    [
        (99, 100, Outcome.BLOCK),
        (98, 50, Outcome.BLOCK),
        (98, 50.001, Outcome.PASS),
        (99.9, 100, Outcome.BLOCK),
    ],
)
def test_the_error_budget_follows_from_objective_and_window(
    measures: Measures, objective: float, most: float, outcome: Outcome
) -> None:
    gate = ErrorBudgetGate(max_consumed_percent=most, objective_percent=objective, window=DAY)
    assert error_budget(gate, measures.error_budget(gate, scope("api"), NOW)).verdict.outcome is outcome


def test_a_canary_with_exactly_its_share_for_a_day_passes(measures: Measures) -> None:
    reading = measures.canary(CANARY, scope("api", environment="canary"), "production", NOW - DAY, NOW)
    verdict = canary(CANARY, reading, NOW).verdict
    assert verdict.outcome is Outcome.PASS
    assert [each.measured for each in verdict.evidence[1:]] == ["100%", "10%"]


def test_a_canary_wakes_up_when_its_day_is_over(measures: Measures) -> None:
    reading = measures.canary(CANARY, scope("api", environment="canary"), "production", NOW - HOUR, NOW)
    found = canary(CANARY, reading, NOW)
    assert (found.verdict.outcome, found.changes_at) == (Outcome.WAIT, NOW + DAY - HOUR)


@pytest.mark.parametrize(("most", "outcome"), [(99.9, Outcome.BLOCK), (100, Outcome.PASS)])
def test_a_metric_is_compared_with_its_value_at_the_deployment(
    measures: Measures, most: float, outcome: Outcome
) -> None:
    query = MetricQuery(name="latency", query='latency{environment="$environment"}', max_change_percent=most)
    gate = MetricsGate(queries=(query,))
    reading = measures.metrics(gate, scope(), DEPLOYED, NOW)
    assert metrics(gate, reading, NOW).verdict.outcome is outcome


def test_a_query_per_component_needs_a_component(measures: Measures) -> None:
    gate = SloGate(max_error_rate_percent=1, error_rate_query='x{component="$component"}')
    assert "no component is promoted" in judged_slo(measures, gate).headline


def test_a_canary_without_a_series_of_now_is_unknown(measures: Measures) -> None:
    reading = measures.canary(CANARY, scope("api", environment="nowhere"), "production", NOW - DAY, NOW)
    assert canary(CANARY, reading, NOW).verdict.outcome is Outcome.UNKNOWN


def test_a_prometheus_killed_in_the_middle_is_unknown_and_not_a_pass(tmp_path: Path) -> None:
    with prometheus(tmp_path, town()) as server:
        measures = Measures(Prometheus(server.url, Outbound([server.url])))
        assert judged_slo(measures, SEED, "api").outcome is Outcome.PASS
        server.kill()
        verdict = judged_slo(measures, SEED, "api")
    assert verdict.outcome is Outcome.UNKNOWN
    assert "refused the connection" in verdict.headline
