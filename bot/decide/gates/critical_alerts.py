"""Does anything burn? Alerts of the environment that fire, neither silenced nor inhibited (rows P1, P2)."""

from __future__ import annotations

from bot.decide.gates import Gated
from bot.decide.gates.measuring import Finding, gated, moment, unread
from bot.decide.text import code
from bot.model.facts import Unknown
from bot.model.measurements import Alerts
from bot.model.policy_gates import CriticalAlertsGate
from bot.model.verdict import Evidence, Outcome

_SHOWN = 5


def critical_alerts(gate: CriticalAlertsGate, reading: Alerts | Unknown) -> Gated:
    """At most `max_firing` alerts that meet the matchers; more than `warn_firing` are a warning."""
    if isinstance(reading, Unknown):
        return gated("critical_alerts", [unread("The firing alerts", reading)])
    count = len(reading.alerts)
    evidence = Evidence(
        measured=f"{count} firing",
        needed=f"at most {gate.max_firing}",
        source=reading.source,
        url=reading.url,
        at=reading.at,
    )
    firing = f"{count} alert{'' if count == 1 else 's'} of {reading.environment}"
    firing += " fires" if count == 1 else " fire"
    warned = gate.warn_firing is not None and gate.warn_firing < count <= gate.max_firing
    finding = Finding(
        outcome=Outcome.BLOCK if count > gate.max_firing else Outcome.PASS,
        says=f"{firing}{_named(reading)}, at most {gate.max_firing} may"
        if count
        else f"No alert of {reading.environment} fires ({', '.join(map(code, reading.matchers))})",
        evidence=(evidence,),
        warns=(f"{firing}; the warning begins above {gate.warn_firing}",) if warned else (),
    )
    return gated("critical_alerts", [finding])


def _named(reading: Alerts) -> str:
    oldest = sorted(reading.alerts, key=lambda each: each.starts_at)
    named = [f"{code(each.name)} since {moment(each.starts_at)}" for each in oldest[:_SHOWN]]
    rest = len(oldest) - len(named)
    return ": " + ", ".join(named) + (f" and {rest} more" if rest else "")
