"""Gates about time: soak, since the release was merged into the environment it comes from, and freezes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.decide.gates import Gated
from bot.decide.gates import freeze as freeze_gate
from bot.decide.gates import soak as soak_gate
from bot.errors import UserError
from bot.model.deployment import DeploymentState
from bot.model.facts import Unknown
from bot.model.release import Promotion, PromotionKind, PromotionState
from bot.run.gates.question import Question

LOOKED_BACK = 50
"""How many promotions of an environment are looked at."""


def soak(question: Question) -> Gated:
    """The demanded time, counted from when the release was proven healthy where it comes from."""
    environment = question.environment
    if environment.soak is None or environment.comes_from is None:
        raise UserError(f"{environment.name} takes releases from no environment that they could have been in")
    since = live_since(question, environment.comes_from)
    return soak_gate.soak(environment.soak, environment.comes_from, since, question.now)


def freeze(question: Question) -> Gated:
    """The rules' windows; a hotfix passes those that allow it."""
    hotfix = question.promotion.kind is PromotionKind.HOTFIX
    return freeze_gate.freeze(question.policy.freeze, question.environment.name, question.now, hotfix=hotfix)


def live_since(question: Question, environment: str) -> datetime | Unknown | None:
    """Since when everything promoted is proven healthy in an environment: from the merge where there is no deployment
    on record, and None as long as one of the deployments is anything but live."""
    return _latest(question, environment, lambda each: _proven(question, each))


def _proven(question: Question, merged: Promotion) -> datetime | None:
    found = question.house.store.deployments.by_pull(merged.config_repository_id, merged.pull_number)
    if found is None or found.merged_at is None:
        return merged.closed_at
    return found.live_at if found.state is DeploymentState.LIVE else None


def merged_since(question: Question, environment: str) -> datetime | Unknown | None:
    """Since when everything promoted is in an environment, by the record of merges; None when something is not.

    Unknown when a component's merge is not on record, because it came there by hand or too long ago.
    """
    return _latest(question, environment, lambda each: each.closed_at)


def _latest(
    question: Question, environment: str, moment: Callable[[Promotion], datetime | None]
) -> datetime | Unknown | None:
    config, source = question.snapshot.repository.id, question.promotion.source
    past = question.house.store.promotions.of(config, environment, source, limit=LOOKED_BACK)
    merged = [each for each in past if each.state is PromotionState.MERGED]
    times = [
        _since(environment, merged, name, tag.digest, moment)
        for name, tag in sorted(question.promotion.components.items())
    ]
    unknown = next((each for each in times if isinstance(each, Unknown)), None)
    if unknown is not None:
        return unknown
    known = [each for each in times if isinstance(each, datetime)]
    return max(known) if known and len(known) == len(times) else None


def _since(
    environment: str,
    merged: Sequence[Promotion],
    component: str,
    digest: str,
    moment: Callable[[Promotion], datetime | None],
) -> datetime | Unknown | None:
    """`merged` newest first. The `moment` of the merge that brought the digest, when none after it brought another."""
    found: Promotion | None = None
    for each in merged:
        tag = each.components.get(component)
        if tag is None:
            continue
        if tag.digest != digest:
            return moment(found) if found else None
        found = each
    if found is None:
        return Unknown(why=f"the merge of {component} into {environment} is not on record")
    return moment(found)
