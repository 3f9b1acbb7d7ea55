"""What is kept of production validations: no failure is forgotten because many runs came after it (row C4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.store import Store
from bot.adapters.store.validations import KEPT
from bot.decide.validation.standing import Gate, standing
from bot.model.facts import Actor
from bot.model.validation import Outcome, Validated, ValidationOverride

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def run(number: int, outcome: Outcome, deployment: str, attempt: int = 1) -> Validated:
    return Validated(
        config_repository_id=9,
        run_id=number,
        attempt=attempt,
        outcome=outcome,
        deployment=deployment,
        run_url="",
        head_sha="a" * 40,
        at=NOW,
    )


@pytest.mark.parametrize("outcome", [Outcome.IGNORED, Outcome.PASSED])
def test_a_failure_stands_however_many_runs_came_after_it(store: Store, outcome: Outcome) -> None:
    store.validations.put(run(1, Outcome.FAILED, "deploy-1"))
    for number in range(2, KEPT + 12):
        store.validations.put(run(number, outcome, "" if outcome is Outcome.IGNORED else f"deploy-{number}"))
    found = store.validations.of(9)
    assert [each.run_id for each in found] == [*range(KEPT + 11, 11, -1), 1]
    assert standing(found, (), (), NOW).gate is Gate.BLOCKED


def test_a_failure_that_was_validated_again_goes_with_the_rest(store: Store) -> None:
    store.validations.put(run(1, Outcome.FAILED, "deploy-1"))
    store.validations.put(run(1, Outcome.PASSED, "deploy-1", attempt=2))
    for number in range(2, KEPT + 2):
        store.validations.put(run(number, Outcome.PASSED, f"deploy-{number}"))
    assert [each.run_id for each in store.validations.of(9)] == [*range(KEPT + 1, 1, -1)]


def test_an_override_of_the_validation_is_among_the_gauges(store: Store) -> None:
    at = datetime.now(UTC)
    given = ValidationOverride(
        config_repository_id=9,
        deployment="deploy-1",
        run_id=1,
        attempt=1,
        by=Actor(id=1, login="ana"),
        reason="we accept the risk",
        at=at,
        expires_at=at + timedelta(hours=4),
        comment_id=1,
    )
    store.validations.override(given)
    numbers = store.health.numbers()
    assert (numbers["overrides_granted"], numbers["overrides_in_force"]) == (1, 1)
    store.validations.cancel(9, at)
    numbers = store.health.numbers()
    assert (numbers["overrides_granted"], numbers["overrides_in_force"]) == (1, 0)
