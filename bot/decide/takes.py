"""What an environment takes: each gate with its threshold, for the body of a pull request (contract, "Bodies").

What each of them answers now is the check runs' matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from bot.decide.gates.measuring import length, number
from bot.decide.names import summary_check
from bot.decide.pull.demands import demanded
from bot.decide.text import code
from bot.model.policy import Environment, MergeRule, Policy
from bot.model.policy_gates import (
    CanaryGate,
    CriticalAlertsGate,
    ErrorBudgetGate,
    ImageGate,
    SecurityGate,
    SloGate,
    StabilityGate,
)

_MERGE = {
    MergeRule.AUTO: "Lockstep, once all of this is green",
    MergeRule.APPROVED: "Lockstep, once all of this is green and approved",
    MergeRule.MANUAL: "a person",
}


def takes(policy: Policy, environment: Environment, base_ref: str) -> str:
    """A table of what is asked before the merge, and where the answers stand."""
    rows = {
        "merged by": _MERGE[environment.merge],
        "approvals": _approvals(environment),
        "required checks": _codes(environment.required_checks) or "everything that reports on the commit",
        **{name: _needed(environment, name) for name in demanded(policy, environment)},
    }
    lines = [f"| {name} | {needed} |" for name, needed in rows.items() if needed]
    head = f"What it takes; what each answers now stands in the check run {code(summary_check(base_ref))}:"
    return "\n".join([head, "", "| question | needed |", "|---|---|", *lines])


def _approvals(environment: Environment) -> str:
    roles = ", ".join(f"{each.count} × {each.role}" for each in environment.approvals)
    if environment.merge is MergeRule.AUTO:
        return roles
    return (
        f"{roles}, and the code owners" if roles else "the code owners, or one person with write permission"
    )


def _needed(environment: Environment, name: str) -> str:
    gate: Any = getattr(environment.gates, name, None)
    if name == "soak" and environment.soak is not None:
        return f"{length(environment.soak)} healthy in {environment.comes_from}"
    return _WORDS[name](gate) if name in _WORDS and gate is not None else _FIXED[name]


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(code(each, in_table=True) for each in names)


def _bounds(**parts: str | None) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {said}" for name, said in parts.items() if said)


def _at_least(value: float | None, unit: str = "%") -> str | None:
    return None if not value else f"≥ {number(value, unit)}"


def _at_most(value: float | None, unit: str = "") -> str | None:
    return None if value is None else f"≤ {number(value, unit)}"


def _lasting(value: timedelta) -> str | None:
    return f"≥ {length(value)}" if value else None


def _security(gate: SecurityGate) -> str:
    return _bounds(
        critical=_at_most(gate.max_critical), high=_at_most(gate.max_high),
        medium=_at_most(gate.max_medium), low=_at_most(gate.max_low),
    )  # fmt: skip


def _slo(gate: SloGate) -> str:
    return _bounds(
        availability=_at_least(gate.min_availability_percent),
        error_rate=_at_most(gate.max_error_rate_percent, "%"),
    )


def _error_budget(gate: ErrorBudgetGate) -> str:
    return f"< {number(gate.max_consumed_percent, '%')} of the error budget consumed"


def _canary(gate: CanaryGate) -> str:
    return _bounds(
        traffic=_at_least(gate.min_traffic_percent), duration=_lasting(gate.min_duration),
        success_rate=_at_least(gate.min_success_rate_percent),
    )  # fmt: skip


def _critical_alerts(gate: CriticalAlertsGate) -> str:
    return f"≤ {gate.max_firing} firing"


def _stability(gate: StabilityGate) -> str:
    return "Synced and Healthy" + (f" for {length(gate.min_duration)}" if gate.min_duration else "")


def _image(gate: ImageGate) -> str:
    demands = {
        "the tag points at it": gate.tag_resolves,
        "signed": gate.signature,
        "built where the rules say": gate.provenance,
    }
    return ", ".join(["the registry has the digest", *(words for words, asked in demands.items() if asked)])


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "tests": lambda gate: f"{_codes(gate.require)} passed",
    "coverage": lambda gate: f"{gate.metric} coverage ≥ {number(gate.min_percent, '%')}",
    "security": _security,
    "quality": lambda gate: f"{code(gate.check, in_table=True)} is a success",
    "slo": _slo,
    "error_budget": _error_budget,
    "canary": _canary,
    "metrics": lambda gate: f"{_codes(tuple(each.name for each in gate.queries))} within their bounds",
    "critical_alerts": _critical_alerts,
    "stability": _stability,
    "image": _image,
    "source": lambda gate: (
        "any commit" if gate.allow_downgrade else "the commit contains what runs there now"
    ),
}
_FIXED = {"freeze": "no freeze of the rules is on"}
