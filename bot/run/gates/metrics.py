"""Gates about running systems: Prometheus and Alertmanager, asked for the environment that the gate looks at."""

from __future__ import annotations

from typing import TypeVar

from bot.decide.gates import Gated
from bot.decide.gates import canary as canary_gate
from bot.decide.gates import critical_alerts as alerts_gate
from bot.decide.gates import error_budget as budget_gate
from bot.decide.gates import metrics as metrics_gate
from bot.decide.gates import slo as slo_gate
from bot.errors import UserError
from bot.run.gates.question import Question
from bot.run.gates.time import merged_since

GateT = TypeVar("GateT")


def _set(gate: GateT | None) -> GateT:
    """The gate's own rules. Raises UserError where the environment sets no such gate."""
    if gate is None:
        raise UserError("the gate is not set")
    return gate


def slo(question: Question) -> Gated:
    """Availability and error rate."""
    gate = _set(question.environment.gates.slo)
    reading = question.house.readers.slo(gate, question.place(gate.environment), question.now)
    return slo_gate.slo(gate, reading)


def error_budget(question: Question) -> Gated:
    """What is left to risk."""
    gate = _set(question.environment.gates.error_budget)
    reading = question.house.readers.error_budget(gate, question.place(gate.environment), question.now)
    return budget_gate.error_budget(gate, reading)


def canary(question: Question) -> Gated:
    """The canary beside the environment that it shares its traffic with."""
    gate = _set(question.environment.gates.canary)
    place = question.place(gate.environment)
    since = merged_since(question, place.environment)
    reading = question.house.readers.canary(gate, place, question.environment.name, since, question.now)
    return canary_gate.canary(gate, reading, question.now)


def metrics(question: Question) -> Gated:
    """The team's own queries."""
    gate = _set(question.environment.gates.metrics)
    place = question.place(gate.environment)
    since = merged_since(question, place.environment)
    reading = question.house.readers.metrics(gate, place, since, question.now)
    return metrics_gate.metrics(gate, reading, question.now)


def critical_alerts(question: Question) -> Gated:
    """What fires."""
    gate = _set(question.environment.gates.critical_alerts)
    reading = question.house.readers.firing(gate.matchers, question.place(gate.environment), question.now)
    return alerts_gate.critical_alerts(gate, reading)
