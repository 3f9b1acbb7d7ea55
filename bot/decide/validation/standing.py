"""May deployments of the blocked repositories pass now? (Row C4.) From all judged runs, overrides and decisions.

A failure is over when the same deployment is validated again and passes. A newer deployment that passes ends it too,
but only after people have decided something about the failure, or about the incident that gathered it: production runs
the newer one then, by their word. Another deployment's success alone opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.model.validation import BLOCKING, COUNTING, Incident, Outcome, Validated, ValidationOverride


class Gate(Enum):
    """What deployments are told."""

    OPEN = "open"
    OVERRIDDEN = "overridden"
    """Open by somebody's word, until it expires."""
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    """No validation counts yet: nobody passes, and nobody is refused for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The gate with its reasons. `failures` are what is not over, newest first, overridden ones among them."""

    gate: Gate
    failures: tuple[Validated, ...] = ()
    overrides: tuple[ValidationOverride, ...] = ()
    """In force, of these failures."""
    passed: Validated | None = None
    """The newest validation that passed."""
    ignored: Validated | None = None
    """The newest run that did not count, when it is newer than all that do."""
    changes_at: datetime | None = None
    """When the next override ends."""

    @property
    def lets_pass(self) -> bool:
        """Whether deployments may go on."""
        return self.gate in (Gate.OPEN, Gate.OVERRIDDEN)


def standing(
    runs: Sequence[Validated],
    overrides: Sequence[ValidationOverride],
    incidents: Sequence[Incident],
    now: datetime,
) -> Standing:
    """`runs`, `overrides` and `incidents` are all that are on record, in any order."""
    counted = sorted((each for each in runs if each.outcome in COUNTING), key=lambda each: each.order)
    aside = [each for each in runs if each.outcome is Outcome.IGNORED]
    ignored = max(aside, key=lambda each: each.order, default=None)
    if counted and ignored is not None and ignored.order < counted[-1].order:
        ignored = None
    passed = next((each for each in reversed(counted) if each.outcome is Outcome.PASSED), None)
    if not counted:
        return Standing(gate=Gate.UNKNOWN, ignored=ignored)
    failures = tuple(
        each
        for each in reversed(_latest(counted))
        if not (_decided_about(each, overrides, incidents) and _newer_passed(each, counted))
    )
    if not failures:
        return Standing(gate=Gate.OPEN, passed=passed, ignored=ignored)
    held = [(each, _override_of(each, overrides, now)) for each in failures]
    given = tuple(override for _, override in held if override is not None)
    lets = all(override is not None for _, override in held)
    return Standing(
        gate=Gate.OVERRIDDEN if lets else Gate.BLOCKED,
        failures=failures,
        overrides=given,
        passed=passed,
        ignored=ignored,
        changes_at=min((each.expires_at for each in given), default=None),
    )


def _latest(counted: Sequence[Validated]) -> tuple[Validated, ...]:
    """The newest validation of each deployment that did not pass, oldest first."""
    newest = {each.deployment: each for each in counted}
    return tuple(
        sorted((each for each in newest.values() if each.outcome in BLOCKING), key=lambda each: each.order)
    )


def _decided_about(
    failure: Validated, overrides: Sequence[ValidationOverride], incidents: Sequence[Incident]
) -> bool:
    """Whether people have said something about it that still stands: an override that was not taken back, or a decision
    on its incident, whichever of the incident's failures came first."""
    return any(
        each.deployment == failure.deployment and each.cancelled_at is None for each in overrides
    ) or any(
        each.gathered(failure) and (each.decided is not None or each.false_positive) for each in incidents
    )


def _newer_passed(failure: Validated, counted: Sequence[Validated]) -> bool:
    """Whether a deployment that was first validated after it has passed."""
    first: dict[str, tuple[int, int]] = {}
    for each in counted:
        first.setdefault(each.deployment, each.order)
    return any(each.outcome is Outcome.PASSED and first[each.deployment] > failure.order for each in counted)


def _override_of(
    failure: Validated, overrides: Sequence[ValidationOverride], now: datetime
) -> ValidationOverride | None:
    """The one in force of exactly this attempt: a failure that came later was not acknowledged."""
    fitting = (
        each
        for each in overrides
        if each.deployment == failure.deployment
        and (each.run_id, each.attempt) == failure.order
        and each.holds(now)
    )
    return max(fitting, key=lambda each: each.expires_at, default=None)
