"""What Argo CD says of a deployment's applications, and how the commits that it names relate to the merge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.decide.deploying import applications_of
from bot.decide.deploying.rollout import places_of
from bot.decide.gates.stability import FRESH
from bot.model.argocd import ApplicationState
from bot.model.deployment import Deployment
from bot.model.facts import Repository, Unknown
from bot.model.measurements import Compared, Relation
from bot.model.policy import Environment
from bot.model.policy_after import ArgoCD
from bot.model.ports import GitHub
from bot.model.rollout import ApplicationLook
from bot.run.house import House

MOST_KEPT = 1000
"""Pairs of commits that are kept in memory."""


def applications(
    house: House,
    github: GitHub,
    config: Repository,
    environment: Environment,
    deployment: Deployment,
    now: datetime,
) -> tuple[ApplicationLook, ...]:
    """Each application that runs something of the deployment, read now."""
    return tuple(
        _look(house, github, config, each, deployment, now)
        for each in applications_of(environment, deployment)
    )


def _look(
    house: House,
    github: GitHub,
    config: Repository,
    application: ArgoCD,
    deployment: Deployment,
    now: datetime,
) -> ApplicationLook:
    """As Argo CD last saw it; when it has not looked since the merge, it is asked to look again."""
    state = house.readers.application(application, now)
    contains = _contains(house, github, config, state, deployment, now)
    if not isinstance(state, Unknown) and _is_old(state, contains, config, now):
        state = house.readers.application(application, now, refresh=True)
        contains = _contains(house, github, config, state, deployment, now)
    return ApplicationLook(application=application, state=state, contains=contains)


def _is_old(state: ApplicationState, contains: Mapping[str, bool], config: Repository, now: datetime) -> bool:
    seen, ended = state.reconciled_at, state.operation.finished_at if state.operation else None
    if seen is None or now - seen > FRESH or (ended is not None and seen < ended):
        return True
    return not all(contains.get(each, False) for each in _at(state.revisions, state, config))


def _at(revisions: tuple[str, ...], state: ApplicationState, config: Repository) -> tuple[str, ...]:
    """Those of the revisions that are commits of the config repository."""
    places = places_of(state.sources, config.full_name)
    return tuple(revisions[place] for place in places if place < len(revisions))


def _contains(
    house: House,
    github: GitHub,
    config: Repository,
    state: ApplicationState | Unknown,
    deployment: Deployment,
    now: datetime,
) -> Mapping[str, bool]:
    """For each commit that the application speaks of: whether it is the merge or came after it."""
    merge = deployment.merge_sha
    if isinstance(state, Unknown) or merge is None:
        return {}
    applied = state.operation.revisions if state.operation else ()
    named = {*_at(state.revisions, state, config), *_at(applied, state, config)}
    found: dict[str, bool] = {}
    for sha in sorted(named):
        compared = _compared(house, github, config, merge, sha, now)
        if isinstance(compared, Compared):
            found[sha] = compared.relation in (Relation.SAME, Relation.AHEAD)
    return found


def _compared(
    house: House, github: GitHub, config: Repository, merge: str, sha: str, now: datetime
) -> Compared | Unknown:
    """One request for each pair of commits, which relate as they do for ever."""
    if sha == merge:
        return Compared(base=merge, head=sha, relation=Relation.SAME, url="", at=now)
    key, kept = (config.id, merge, sha), house.compared
    if key not in kept:
        found = github.compare(config.full_name, merge, sha)
        if isinstance(found, Unknown):
            return found
        while len(kept) >= MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[key] = found
    return kept[key]
