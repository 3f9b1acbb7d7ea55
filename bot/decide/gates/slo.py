"""Does the environment keep its service levels? Availability and error rate (rows P1, P2)."""

from __future__ import annotations

from bot.decide.gates import Gated
from bot.decide.gates.measuring import Bound, Finding, gated, length, measured, unread
from bot.model.facts import Unknown
from bot.model.measurements import Measured, SloReading
from bot.model.policy_gates import SloGate


def slo(gate: SloGate, reading: SloReading) -> Gated:
    """Availability of at least, and an error rate of at most, the threshold; the border itself passes.

    Every returned series must satisfy. A bound whose measurement is not in the reading is unknown.
    """
    over = f"in {reading.environment} over {length(gate.window)}"
    findings: list[Finding] = []
    if gate.min_availability_percent is not None or gate.warn_availability_percent is not None:
        bound = Bound(least=gate.min_availability_percent)
        warn = Bound(least=gate.warn_availability_percent)
        findings.append(_percentage(f"Availability {over}", reading.availability, bound, warn))
    if gate.max_error_rate_percent is not None or gate.warn_error_rate_percent is not None:
        bound = Bound(most=gate.max_error_rate_percent)
        warn = Bound(most=gate.warn_error_rate_percent)
        findings.append(_percentage(f"Error rate {over}", reading.error_rate, bound, warn))
    return gated("slo", findings)


def _percentage(what: str, found: Measured | None, bound: Bound, warn: Bound) -> Finding:
    if found is None:
        return unread(what, Unknown(why="it was not asked for"))
    return measured(what, found, bound, warn, percentage=True)
