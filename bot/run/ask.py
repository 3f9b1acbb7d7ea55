"""Asking for a promotion without a comment: authorized, on record, and served by the environment's own look.

The way through is that of `/promote`: the same authorizer, the same request, the same answer (attack case 71).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model.door import Door
from bot.model.policy import Policy
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, PromotionState, Request, request_id
from bot.model.subject import environment
from bot.run.commands.permit import permitted_at
from bot.run.house import House
from bot.run.wanted import Wanted, destination


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllowed:
    """Nobody is woken; `why` says who may."""

    why: str


def ask(
    house: House,
    policy: Policy,
    wanted: Wanted,
    *,
    via: Door,
    key: str,
    delivery_id: str | None = None,
) -> Request | NotAllowed:
    """Puts the request on record and wakes the environment; twice with the same `key` is once.

    Raises UserError for a name that is not in the rules.
    """
    into = destination(policy, wanted)
    place, asker = wanted.place, wanted.asker
    subject = environment(place.installation_id, place.repository.id, into.name)
    permit = permitted_at(house, place, policy, "promote", into.name, asker, via, delivery_id)
    if not permit.allowed:
        return NotAllowed(why=permit.reason)
    request = Request(
        comment_id=request_id(key),
        installation_id=place.installation_id,
        config_repository_id=place.repository.id,
        pull_number=0,
        environment=into.name,
        components=_components(policy, wanted),
        actor_id=asker.id,
        actor_login=asker.login,
        asked_at=house.clock(),
        via=via,
        delivery_id=delivery_id,
    )
    house.store.requests.ask(request)
    wake(house.store, subject)
    return request


def _components(policy: Policy, wanted: Wanted) -> tuple[str, ...]:
    """The components that are meant; a request names no source, so one that is meant alone stands as its components."""
    source = policy.source(wanted.source) if wanted.source is not None else None
    if source is None:
        return wanted.components
    return wanted.components or tuple(source.components)


def served(house: House, request: Request, sources: Iterable[str]) -> tuple[Promotion, ...]:
    """The promotions that serve what was asked: open ones, and those that were opened since."""
    kind = PromotionKind.HOTFIX if request.hotfix else PromotionKind.PROMOTION
    found = (
        next(
            (
                each
                for each in house.store.promotions.of(
                    request.config_repository_id, request.environment, source
                )
                if each.kind is kind
            ),
            None,
        )
        for source in sources
    )
    return tuple(
        each
        for each in found
        if each is not None and (each.state is PromotionState.OPEN or each.opened_at >= request.asked_at)
    )
