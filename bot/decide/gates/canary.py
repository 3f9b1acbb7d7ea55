"""Did the canary take its share of traffic, for long enough, successfully enough? (rows P1, P2)"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.decide.gates import Gated
from bot.decide.gates.lasting import lasting
from bot.decide.gates.measuring import Bound, Finding, gated, measured, unread
from bot.model.facts import Unknown
from bot.model.measurements import CanaryReading, Measured
from bot.model.policy_gates import CanaryGate
from bot.model.verdict import Outcome


def canary(gate: CanaryGate, reading: CanaryReading, now: datetime) -> Gated:
    """Traffic share and success rate at least the threshold, and the release there for the whole duration.

    Too little traffic before the duration is over is waited for; a bad success rate blocks at once.
    """
    there = reading.environment
    findings: list[Finding] = []
    early = False
    if gate.min_duration:
        time = lasting(f"The release in {there}", reading.since, gate.min_duration, now, source="canary")
        early = time.outcome is Outcome.WAIT
        findings.append(time)
    if gate.min_success_rate_percent or gate.warn_success_rate_percent is not None:
        warn = Bound(least=gate.warn_success_rate_percent)
        bound = Bound(least=gate.min_success_rate_percent)
        findings.append(_percentage(f"Success rate in {there}", reading.success_rate, bound, warn))
    if gate.min_traffic_percent:
        share = _percentage(
            f"Traffic share of {there}", reading.traffic, Bound(least=gate.min_traffic_percent), None
        )
        findings.append(
            replace(share, outcome=Outcome.WAIT) if early and share.outcome is Outcome.BLOCK else share
        )
    return gated("canary", findings)


def _percentage(what: str, found: Measured | None, bound: Bound, warn: Bound | None) -> Finding:
    if found is None:
        return unread(what, Unknown(why="it was not asked for"))
    return measured(what, found, bound, warn, percentage=True)
