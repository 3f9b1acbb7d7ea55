"""The critical_alerts gate."""

from __future__ import annotations

import pytest

from bot.decide.gates.critical_alerts import critical_alerts
from bot.model.facts import Unknown
from bot.model.measurements import Alert, Alerts
from bot.model.policy_gates import CriticalAlertsGate
from bot.model.verdict import Outcome
from tests.decide.gates.measured import NOW


def firing(*names: str) -> Alerts:
    alerts = tuple(Alert(name=name, labels={}, fingerprint=name, starts_at=NOW) for name in names)
    return Alerts(environment="staging", alerts=alerts, matchers=('severity="critical"',), at=NOW)


@pytest.mark.parametrize(
    ("most", "count", "outcome"),
    [(0, 0, Outcome.PASS), (0, 1, Outcome.BLOCK), (2, 2, Outcome.PASS), (2, 3, Outcome.BLOCK)],
)
def test_no_more_than_the_allowed_number_may_fire(most: int, count: int, outcome: Outcome) -> None:
    found = critical_alerts(CriticalAlertsGate(max_firing=most), firing(*["A"] * count))
    assert found.verdict.outcome is outcome


def test_it_names_what_burns_and_since_when() -> None:
    verdict = critical_alerts(CriticalAlertsGate(), firing("@everyone")).verdict
    assert verdict.headline == (
        "1 alert of staging fires: `@everyone` since 2026-03-02 12:00 UTC, at most 0 may"
    )


def test_alerts_that_were_not_read_are_unknown() -> None:
    found = critical_alerts(CriticalAlertsGate(), Unknown(why="Alertmanager did not answer"))
    assert found.verdict.outcome is Outcome.UNKNOWN


def test_a_warning_shows_and_does_not_block() -> None:
    verdict = critical_alerts(CriticalAlertsGate(max_firing=2, warn_firing=0), firing("A")).verdict
    assert (verdict.outcome, len(verdict.reasons)) == (Outcome.PASS, 1)
