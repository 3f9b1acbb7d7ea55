"""The error_budget gate: the seed's `< 50%`, `< 30%`, `< 20%`."""

from __future__ import annotations

import pytest

from bot.decide.gates.error_budget import error_budget
from bot.model.measurements import ErrorBudgetReading, Measured
from bot.model.policy_gates import ErrorBudgetGate
from bot.model.verdict import Outcome, Verdict
from tests.decide.gates.measured import DOWN, values


def judged(consumed: Measured, most: float = 50, warn: float | None = None) -> Verdict:
    gate = ErrorBudgetGate(max_consumed_percent=most, warn_consumed_percent=warn)
    return error_budget(gate, ErrorBudgetReading(environment="staging", consumed=consumed)).verdict


@pytest.mark.parametrize(
    ("most", "consumed", "outcome"),
    [
        (50, 49.999, Outcome.PASS),
        (50, 50, Outcome.BLOCK),
        (50, 49.9999999999999, Outcome.BLOCK),  # 50 as binary fractions write it
        (30, 29.9, Outcome.PASS),
        (30, 30, Outcome.BLOCK),
        (20, 0, Outcome.PASS),
        (20, 20, Outcome.BLOCK),
        (50, 240, Outcome.BLOCK),
        (50, -1, Outcome.UNKNOWN),
    ],
)
def test_the_border_itself_fails(most: float, consumed: float, outcome: Outcome) -> None:
    assert judged(values(consumed), most).outcome is outcome


def test_it_says_what_was_measured_and_what_is_needed() -> None:
    assert judged(values(50)).headline == (
        "Error budget consumed in staging (objective 99.9% over 30 d) is 50%, needed: below 50%"
    )


def test_one_component_over_the_threshold_blocks() -> None:
    assert judged(values(api=1, web=60)).outcome is Outcome.BLOCK


def test_a_budget_that_cannot_be_read_is_unknown() -> None:
    assert judged(DOWN).outcome is Outcome.UNKNOWN


def test_from_the_warning_on_it_shows_and_does_not_block() -> None:
    verdict = judged(values(40), warn=40)
    assert (verdict.outcome, len(verdict.reasons)) == (Outcome.PASS, 1)
