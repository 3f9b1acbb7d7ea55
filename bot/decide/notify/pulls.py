"""What a promotion waits for, as far as people are to be told: gates that fail, and missing approvals."""

from __future__ import annotations

from dataclasses import dataclass

from bot.decide.pull import PullDecision
from bot.model.release import Promotion
from bot.model.verdict import Outcome, Verdict, Waiting

_FINE = (Outcome.PASS, Outcome.SKIP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A ledger row to write when `news` differs from what was said last."""

    event: str
    decision: str
    reason: str
    news: str
    details: dict[str, object]


def held_by_gates(decision: PullDecision, promotion: Promotion) -> Wait | None:
    """The gates that fail now. One that cannot be read is no news: it is asked again, and the check run tells it."""
    measured = decision.applied.verdicts if decision.applied else ()
    failing = [each for each in measured if each.outcome is Outcome.BLOCK]
    if not failing:
        return None
    names = [each.gate for each in failing]
    return Wait(
        event="gates_held",
        decision="failed",
        reason="; ".join(each.headline for each in failing),
        news=f"{', '.join(sorted(names))} of {_content(promotion)}",
        details={
            "environment": promotion.environment,
            "components": _components(promotion),
            "gates": names,
            "evidence": [_measured(each) for each in failing if each.evidence],
        },
    )


def awaits_people(decision: PullDecision, promotion: Promotion) -> Wait | None:
    """The roles whose yes is missing, once that is all that is missing: before, nobody is asked to look."""
    found = decision.approvals
    if found is None or found.verdict.outcome is not Outcome.WAIT:
        return None
    others = [each for each in decision.verdicts if each.gate != found.verdict.gate]
    if not all(each.outcome in _FINE or _for_a_person(each) for each in others):
        return None
    owners = sorted({owner for each in found.owners_missing for owner in each.may})
    return Wait(
        event="approval_required",
        decision="done",
        reason=found.verdict.headline,
        news=_content(promotion),
        details={
            "environment": promotion.environment,
            "components": _components(promotion),
            "roles": [f"{each.count} × {each.role}" for each in found.missing],
            "owners": owners[:10],
        },
    )


def _for_a_person(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.WAIT and verdict.waiting is Waiting.PERSON


def _components(promotion: Promotion) -> list[str]:
    return [f"{name} {tag.tag}" for name, tag in sorted(promotion.components.items())]


def _content(promotion: Promotion) -> str:
    """A rebase changes no digest, and asks nobody again."""
    return ", ".join(f"{name} {tag.digest}" for name, tag in sorted(promotion.components.items()))


def _measured(verdict: Verdict) -> str:
    """`coverage: 68 %, needs at least 70 %`."""
    first = verdict.evidence[0]
    return f"{verdict.gate}: {first.measured}, needs {first.needed}"
