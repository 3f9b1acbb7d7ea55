"""Is there enough error budget left to take a risk? (rows P1, P2)"""

from __future__ import annotations

from bot.decide.gates import Gated
from bot.decide.gates.measuring import Bound, Finding, gated, length, measured, number
from bot.model.facts import Unknown
from bot.model.measurements import ErrorBudgetReading
from bot.model.policy_gates import ErrorBudgetGate
from bot.model.verdict import Outcome


def error_budget(gate: ErrorBudgetGate, reading: ErrorBudgetReading) -> Gated:
    """The share consumed must stay below the threshold: the seed says `< 50%`, so 50 itself fails.

    It may be above 100 (the objective is missed); below 0 it is no measurement.
    """
    objective = (
        f"{number(gate.objective_percent, '%', near=[gate.objective_percent])} over {length(gate.window)}"
    )
    what = f"Error budget consumed in {reading.environment} (objective {objective})"
    found = reading.consumed
    if not isinstance(found, Unknown) and any(each.value < -1e-6 for each in found.samples):
        says = f"{what} could not be read: the query gives a negative share"
        return gated("error_budget", [Finding(outcome=Outcome.UNKNOWN, says=says)])
    bound = Bound(most=gate.max_consumed_percent, strict=True)
    warn = None if gate.warn_consumed_percent is None else Bound(most=gate.warn_consumed_percent, strict=True)
    return gated("error_budget", [measured(what, found, bound, warn)])
