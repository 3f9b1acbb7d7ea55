"""Gates about time: soak, since the release was merged into the environment it comes from, and freezes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.decide.gates import Gated
from bot.decide.gates import freeze as freeze_gate
from bot.decide.gates import soak as soak_gate
from bot.errors import UserError
from bot.model.facts import Unknown
from bot.model.release import Promotion, PromotionState
from bot.run.gates.question import Question

LOOKED_BACK = 50
"""How many promotions of an environment are looked at."""


def soak(question: Question) -> Gated:
    """The demanded time, counted from the merge into the environment that the release comes from."""
    environment = question.environment
    if environment.soak is None or environment.comes_from is None:
        raise UserError(f"{environment.name} takes releases from no environment that they could have been in")
    since = merged_since(question, environment.comes_from)
    return soak_gate.soak(environment.soak, environment.comes_from, since, question.now)


def freeze(question: Question) -> Gated:
    """The rules' windows."""
    return freeze_gate.freeze(question.policy.freeze, question.environment.name, question.now)


def merged_since(question: Question, environment: str) -> datetime | Unknown | None:
    """Since when everything promoted is in an environment, by the record of merges; None when something is not.

    Unknown when a component's merge is not on record, because it came there by hand or too long ago.
    """
    config, source = question.snapshot.repository.id, question.promotion.source
    past = question.house.store.promotions.of(config, environment, source, limit=LOOKED_BACK)
    merged = [each for each in past if each.state is PromotionState.MERGED]
    times = [
        _since(environment, merged, name, tag.digest)
        for name, tag in sorted(question.promotion.components.items())
    ]
    unknown = next((each for each in times if isinstance(each, Unknown)), None)
    if unknown is not None:
        return unknown
    known = [each for each in times if isinstance(each, datetime)]
    return max(known) if known and len(known) == len(times) else None


def _since(
    environment: str, merged: Sequence[Promotion], component: str, digest: str
) -> datetime | Unknown | None:
    """`merged` newest first. The merge that brought the digest, when none after it brought another."""
    found: datetime | None = None
    for each in merged:
        tag = each.components.get(component)
        if tag is None:
            continue
        if tag.digest != digest:
            return found
        found = each.closed_at
    if found is None:
        return Unknown(why=f"the merge of {component} into {environment} is not on record")
    return found
