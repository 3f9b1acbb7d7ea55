"""The environment's look at its rollbacks: opens, renews or closes their pull requests, and says why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.decide import names
from bot.decide.rollback import RollbackFacts
from bot.model.deployment import Deployment, DeploymentState
from bot.model.policy import Environment, Policy
from bot.model.ports import GitHub
from bot.model.release import PromotionState
from bot.model.rollback import RollbackRecord, RollbackState
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import Subject
from bot.run.house import House
from bot.run.rollback.opening import open_one
from bot.run.rollback.renewing import renew

AT_ONCE = 5
"""Rollbacks whose branches one question asks for."""
SAID = 20
"""Headlines of one look."""
LOOKED_BACK = 50
"""Promotions of each source among which the last good release is looked for."""


def branches(house: House, repository_id: int, environment: str) -> tuple[str, ...]:
    """The branches that rollbacks of an environment have, or are about to have; at most `AT_ONCE` of either."""
    pending = house.store.rollbacks.pending(repository_id, environment)
    standing = [each for each in pending if each.state is RollbackState.OPEN][:AT_ONCE]
    coming = [each for each in pending if each.state is RollbackState.ASKED][:AT_ONCE]
    return tuple(names.rollback_branch(environment, each.id) for each in (*standing, *coming))


def look(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy,
    environment: Environment,
    snapshot: EnvironmentSnapshot,
    read: Collection[str],
) -> list[str]:
    """Deals with every pending rollback, oldest first; a headline for each about which something was done.

    `read` are the branches that the snapshot was asked for: a rollback that may go ahead and is not among them waits
    for the next look, so that hundreds of alerts at once need no question about hundreds of branches (attack case 89).
    """
    said: list[str] = []
    facts: RollbackFacts | None = None
    for record in house.store.rollbacks.pending(snapshot.repository.id, environment.name):
        facts = facts or _facts(house, subject, policy, environment, snapshot, record)
        mine = replace(facts, record=record)
        if record.state is RollbackState.OPEN:
            headline = renew(house, subject, github, mine)
        else:
            headline = open_one(house, subject, github, mine, read)
        said += [headline] if headline else []
        if headline.startswith("#"):
            facts = None  # something was opened, which the next one must know
    return said[:SAID]


def _facts(
    house: House,
    subject: Subject,
    policy: Policy,
    environment: Environment,
    snapshot: EnvironmentSnapshot,
    record: RollbackRecord,
) -> RollbackFacts:
    config = snapshot.repository.id
    landed = [
        each
        for source in policy.sources
        for each in house.store.promotions.of(config, environment.name, source.name, limit=LOOKED_BACK)
        if each.state is PromotionState.MERGED
    ]
    landed.sort(
        key=lambda each: (each.closed_at or datetime.min.replace(tzinfo=UTC), each.pull_number), reverse=True
    )
    return RollbackFacts(
        policy=policy,
        environment=environment,
        record=record,
        snapshot=snapshot,
        landed=tuple(landed),
        rollbacks=house.store.rollbacks.of(config, environment.name),
        vetoes=house.store.vetoes.active(config),
        unproven=_unproven(house.store.deployments.of(config, environment.name)),
        known={},
        now=house.clock(),
        web_url=house.web_url,
    )


def _unproven(deployments: Sequence[Deployment]) -> Mapping[str, frozenset[str]]:
    """What failed there when it was deployed last, or was always overtaken; `deployments` are newest first."""
    stands: dict[tuple[str, str], list[Deployment]] = defaultdict(list)
    for each in deployments:
        for name, digest in each.digests.items() if each.merged_at else ():
            stands[name, digest].append(each)
    found: dict[str, set[str]] = defaultdict(set)
    for (name, digest), there in stands.items():
        overtaken = all(each.state is DeploymentState.SUPERSEDED for each in there)
        if overtaken or there[0].state is DeploymentState.FAILED:
            found[name].add(digest)
    return {name: frozenset(digests) for name, digests in found.items()}
