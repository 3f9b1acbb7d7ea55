"""The way of hotfixes beside the ordinary one: what waits on it, and what the two ways have to know of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.decide.environment import EnvironmentFacts
from bot.decide.gates.debt import contains
from bot.decide.hotfix import concurrency
from bot.decide.pull import PullFacts
from bot.model.facts import Repository, Unknown
from bot.model.hotfix import Hotfix
from bot.model.policy import Concurrency, Environment, Source
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, Release
from bot.model.subject import Subject, pull
from bot.run.compared import compared
from bot.run.gates.question import release_of
from bot.run.hotfix import confirmed
from bot.run.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What waits to enter: every hotfix of a source, and those of their releases that are on record."""

    hotfixes: tuple[Hotfix, ...]
    releases: tuple[Release, ...]
    """With the components that are meant alone."""


def lane(house: House, repository_id: int, source: Source, app: Repository) -> Lane:
    """The hotfixes of a source, the last declared first."""
    hotfixes = house.store.hotfixes.of(repository_id, source.name)
    found = ((each, release_of(house, app.id, each.release_id)) for each in hotfixes)
    releases = tuple(
        replace(
            release,
            components={name: tag for name, tag in release.components.items() if name in each.components},
        )
        for each, release in found
        if release is not None
    )
    return Lane(hotfixes=hotfixes, releases=releases)


def paced(house: House, github: GitHub, facts: EnvironmentFacts, app: Repository) -> Environment:
    """The environment with what a newer release does to the open pull request of this way.

    An ordinary promotion that lacks a hotfix which runs there cannot be merged any more: what comes after it need not
    wait for somebody to close it.
    """
    record = facts.record
    if record is None:
        return facts.environment
    held = [each for each in facts.known.values() if each.id in record.release_ids]
    if facts.kind is PromotionKind.HOTFIX:
        newer = [each for each in facts.pending if each.id not in record.release_ids]
        return replace(facts.environment, concurrency=concurrency(facts.environment, held, newer))
    if facts.environment.concurrency is Concurrency.PINNED and _lacks(house, github, facts, held, app):
        return replace(facts.environment, concurrency=Concurrency.LATEST)
    return facts.environment


def _lacks(
    house: House, github: GitHub, facts: EnvironmentFacts, held: Sequence[Release], app: Repository
) -> bool:
    """Whether a release of the open promotion is known not to contain a fix that its environment owes."""
    record = facts.record
    owed = [
        (debt.fix_sha, release.head_sha)
        for debt in house.store.debts.active(facts.snapshot.repository.id)
        if record and debt.environment == facts.environment.name and debt.component in record.components
        for release in held
        if debt.component in release.components
        and release.components[debt.component].digest == record.components[debt.component].digest
    ]
    found = [compared(house, github, app.id, app.full_name, fix, head, house.clock()) for fix, head in owed]
    return any(not isinstance(each, Unknown) and not contains(each) for each in found)


def rivals(
    house: House, repository_id: int, environment: str, source: str, kind: PromotionKind
) -> dict[str, int]:
    """Component to the open pull request that brings it to the environment by the other way."""
    other = PromotionKind.PROMOTION if kind is PromotionKind.HOTFIX else PromotionKind.HOTFIX
    return {
        name: each.pull_number
        for each in house.store.promotions.open_of(repository_id)
        if each.environment == environment and each.source == source and each.kind is other
        for name in each.components
    }


def read(house: House, facts: PullFacts) -> PullFacts:
    """The facts with the hotfixes that go before an ordinary promotion, and a hotfix's confirmation."""
    promotion = facts.promotion
    if promotion is None:
        return facts
    if promotion.kind is PromotionKind.HOTFIX:
        given = confirmed.last(house, promotion.config_repository_id, promotion.pull_number)
        return replace(facts, confirmed=given)
    if promotion.kind is not PromotionKind.PROMOTION:
        return facts
    return replace(facts, rivals=_beside(house, promotion))


def wake_rivals(house: House, subject: Subject, promotion: Promotion) -> None:
    """Looks again at what waits for a hotfix, or is about to."""
    if promotion.kind is not PromotionKind.HOTFIX:
        return
    for each in _beside(house, promotion):
        wake(house.store, pull(subject.installation_id, each.config_repository_id, each.pull_number))


def _beside(house: House, promotion: Promotion) -> tuple[Promotion, ...]:
    """Open pull requests of the other way that bring one of the same components to the same environment."""
    hotfix = promotion.kind is PromotionKind.HOTFIX
    other = PromotionKind.PROMOTION if hotfix else PromotionKind.HOTFIX
    return tuple(
        each
        for each in house.store.promotions.open_of(promotion.config_repository_id)
        if each.kind is other
        and (each.environment, each.source) == (promotion.environment, promotion.source)
        and set(each.components) & set(promotion.components)
    )
