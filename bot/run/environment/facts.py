"""What the proposal of one source rests on, read once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.decide.content import Problem, images_now
from bot.decide.environment import (
    EnvironmentFacts,
    commits_between,
)
from bot.decide.hotfix import as_hotfix, goes_apart
from bot.model.facts import Repository, Unknown
from bot.model.holds import Hold
from bot.model.policy import Environment, Policy, Source
from bot.model.ports import GitHub
from bot.model.release import Promotion, PromotionKind, PromotionState, Release, Request
from bot.model.snapshot import EnvironmentSnapshot, History
from bot.model.subject import Subject
from bot.run import hotfix
from bot.run.house import House
from bot.run.identity import app_of


def facts_of(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    source: Source,
    snapshot: EnvironmentSnapshot,
    requests: tuple[Request, ...],
    kind: PromotionKind = PromotionKind.PROMOTION,
) -> EnvironmentFacts | None:
    """Everything that the decision rests on; None when the source's repository is not known here.

    `kind`: promotion, or hotfix, which has a way of its own into the environment.
    """
    app = app_of(house, subject.installation_id, snapshot.repository.id, source)
    if app is None:
        return None
    source = replace(
        source, repository=app.full_name
    )  # as it is called now, so that links and questions lead there
    promotions = tuple(
        each
        for each in house.store.promotions.of(snapshot.repository.id, environment.name, source.name)
        if each.kind is kind
    )
    apart = kind is PromotionKind.HOTFIX
    environment = as_hotfix(environment) if apart else environment
    settled = [each for each in promotions if each.state is not PromotionState.OPEN]
    record = next((each for each in promotions if each.state is PromotionState.OPEN), None)
    lane = hotfix.lane(house, snapshot.repository.id, source, app) if apart else None
    recent = lane.releases if lane else ordinary(house, policy, source, app)
    known = house.store.releases.by_digest(app.id, _digests(policy, source, snapshot, record, recent))
    facts = EnvironmentFacts(
        policy=policy,
        environment=environment,
        source=source,
        snapshot=snapshot,
        bot_id=github.bot_id,
        pending=recent if requests else _pending(recent, settled),
        known=known,
        record=record,
        declined=settled[0] if settled and settled[0].state is PromotionState.CLOSED else None,
        earlier=tuple(settled),
        requests=requests,
        hold=hold_of(house, snapshot.repository.id, environment.name),
        vetoes=house.store.vetoes.active(snapshot.repository.id),
        history=History(commits=(), complete=True),
        kind=kind,
        hotfixes=lane.hotfixes if lane else (),
        rivals=hotfix.rivals(house, snapshot.repository.id, environment.name, source.name, kind),
        web_url=house.web_url,
    )
    facts = replace(facts, environment=hotfix.paced(house, github, facts, app))
    return replace(facts, history=_history(github, facts))


def ordinary(house: House, policy: Policy, source: Source, app: Repository) -> tuple[Release, ...]:
    """The newest releases that go the ordinary way."""
    recent = house.store.releases.recent(app.id, source.name)
    return tuple(each for each in recent if not goes_apart(policy, source, each))


def hold_of(house: House, repository_id: int, name: str) -> Hold | None:
    found = (each for each in house.store.holds.active(repository_id) if each.environment == name)
    return next(found, None)


def likely_histories(house: House, subject: Subject, name: str) -> tuple[tuple[str, str], ...]:
    """The commits of releases that are about to enter: asked for together with the rest, they cost no request."""
    policy = house.last_policy.get(subject.repository)
    environment = policy.environment(name) if policy else None
    if policy is None or environment is None or environment.comes_from is not None:
        return ()
    found: list[tuple[str, str]] = []
    for source in policy.sources:
        app = app_of(house, subject.installation_id, subject.repository, source)
        newest = ordinary(house, policy, source, app)[:1] if app else ()
        promotions = house.store.promotions.of(subject.repository, name, source.name, limit=1)
        if app and newest and not any(newest[0].id in each.release_ids for each in promotions):
            found.append((app.full_name, newest[0].head_sha))
    return tuple(found)


def _history(github: GitHub, facts: EnvironmentFacts) -> History | Unknown:
    span = commits_between(facts)
    if span is None:
        return facts.history
    return github.history(facts.source.repository, span[0], span[1])


def _pending(recent: Sequence[Release], settled: Sequence[Promotion]) -> tuple[Release, ...]:
    """Releases newer than all that have arrived or were declined."""
    done = {release_id for promotion in settled for release_id in promotion.release_ids}
    newest = max((release.order for release in recent if release.id in done), default=(0, 0))
    return tuple(release for release in recent if release.order > newest)


def _digests(
    policy: Policy,
    source: Source,
    snapshot: EnvironmentSnapshot,
    record: Promotion | None,
    recent: Sequence[Release],
) -> Collection[str]:
    """Every digest whose origin the decision may ask for."""
    found = {tag.digest for release in recent for tag in release.components.values()}
    found |= {tag.digest for tag in record.components.values()} if record else set()
    for environment in policy.environments:
        images = images_now(environment, tuple(source.components), snapshot.files)
        if not isinstance(images, Problem):
            found |= {image.digest for image in images.values() if image.digest}
    return found
