"""Firing alerts against a real Alertmanager: silenced and inhibited ones do not count, a killed one is unknown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.alertmanager import Alertmanager
from bot.adapters.outbound import Outbound
from bot.decide.gates.critical_alerts import critical_alerts
from bot.model.facts import Unknown
from bot.model.measurements import Alerts
from bot.model.policy_gates import CriticalAlertsGate
from bot.model.verdict import Outcome
from tests.servers.alerts import Real

GATE = CriticalAlertsGate()


def now() -> datetime:
    return datetime.now(UTC)


def names(found: Alerts | Unknown) -> list[str]:
    assert isinstance(found, Alerts), found
    return sorted(each.name for each in found.alerts)


def why(found: Alerts | Unknown) -> str:
    assert isinstance(found, Unknown), found
    return found.why


def test_critical_alerts_of_the_environment_block_and_others_do_not_count(real: Real) -> None:
    real.fires(alertname="Burns", severity="critical", environment="staging", path='a"b\\c')
    real.fires(alertname="Warm", severity="warning", environment="staging")
    real.fires(alertname="Elsewhere", severity="critical", environment="production")
    found = real.client.firing("staging", GATE.matchers, now())
    assert names(found) == ["Burns"]
    assert critical_alerts(GATE, found).verdict.outcome is Outcome.BLOCK


def test_without_alerts_the_gate_passes_until_the_alertmanager_is_killed(real: Real) -> None:
    client = real.client
    assert (
        critical_alerts(GATE, client.firing("staging", GATE.matchers, now())).verdict.outcome is Outcome.PASS
    )
    real.server.kill()
    verdict = critical_alerts(GATE, client.firing("staging", GATE.matchers, now())).verdict
    assert verdict.outcome is Outcome.UNKNOWN
    assert "refused the connection" in verdict.headline


def test_a_silenced_alert_does_not_count(real: Real) -> None:
    real.fires(alertname="Burns", severity="critical", environment="staging")
    real.fires(alertname="Known", severity="critical", environment="staging")
    real.silence("alertname", "Known")
    assert names(real.client.firing("staging", GATE.matchers, now())) == ["Burns"]


def test_an_inhibited_alert_does_not_count(real: Real) -> None:
    real.fires(alertname="Outage", severity="critical", environment="staging")
    real.fires(alertname="Burns", severity="critical", environment="staging")
    assert names(real.client.firing("staging", GATE.matchers, now())) == ["Outage"]


@pytest.mark.parametrize(
    ("matchers", "found"),
    [
        (('severity=~"crit.*"',), ["Burns"]),
        (('severity!="critical"',), ["Warm"]),
        (('severity="critical"', "team=web"), []),
        ((), ["Burns", "Warm"]),
    ],
)
def test_an_alert_must_meet_all_matchers(real: Real, matchers: tuple[str, ...], found: list[str]) -> None:
    real.fires(alertname="Burns", severity="critical", environment="staging")
    real.fires(alertname="Warm", severity="warning", environment="staging")
    assert names(real.client.firing("staging", matchers, now())) == found


def test_an_alertmanager_that_has_just_started_is_not_taken_for_calm(real: Real) -> None:
    client = Alertmanager(real.server.url, Outbound([real.server.url]))
    assert "may not know every alert yet" in why(client.firing("staging", GATE.matchers, now()))
    later = client.firing("staging", GATE.matchers, now() + timedelta(minutes=3))
    assert names(later) == []


def test_without_an_address_everything_is_unknown_and_names_the_setting() -> None:
    found = Alertmanager(None, Outbound()).firing("staging", GATE.matchers, now())
    assert "ALERTMANAGER_URL is not set" in why(found)


@pytest.mark.parametrize(
    "matcher", ['a="b" or c="d"', 'a="b\\"', "", 'a="b"\n', "{a}", 'a="b"}&silenced=true']
)
def test_a_matcher_of_another_form_never_gets_into_a_question(matcher: str) -> None:
    with pytest.raises(ValueError, match="matcher"):
        Alertmanager("http://x.example", Outbound()).firing("staging", (matcher,), now())


@pytest.mark.parametrize("name", ['staging"', "", "Staging", "a b", "staging\n"])
def test_an_environment_that_is_no_name_never_gets_into_a_question(name: str) -> None:
    with pytest.raises(ValueError, match="environment"):
        Alertmanager("http://x.example", Outbound()).firing(name, (), now())
