"""A promotion as if its pull request were open already: what would be measured if it were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.decide.content import Problem, images_now
from bot.decide.environment import EnvironmentDecision, EnvironmentFacts
from bot.model.action import OpenPull
from bot.model.facts import Actor, Commit, Mergeable, Pull, PullState, RepositoryFile
from bot.model.image import ImageAt
from bot.model.release import Promotion, PromotionState
from bot.model.snapshot import PullSnapshot
from bot.run.where import Place

NO_COMMIT = ""
"""The head of a pull request that is not there."""
NO_NUMBER = 0


def promotion(
    place: Place, facts: EnvironmentFacts, decision: EnvironmentDecision, opening: OpenPull, now: datetime
) -> Promotion:
    """The record that there would be."""
    return Promotion(
        installation_id=place.installation_id,
        config_repository_id=place.repository.id,
        environment=facts.environment.name,
        source=facts.source.name,
        pull_number=NO_NUMBER,
        branch=opening.branch,
        head_sha=NO_COMMIT,
        components=dict(decision.targets.tags),
        scope=decision.scope,
        release_ids=tuple(release.id for release in decision.targets.releases),
        requested_by_id=None,
        requested_by_login=None,
        state=PromotionState.OPEN,
        opened_at=now,
    )


def images(
    facts: EnvironmentFacts, opening: OpenPull, would_be: Promotion
) -> Mapping[str, ImageAt] | Problem:
    """The images in the values files as the pull request would leave them."""
    files = dict(facts.snapshot.files)
    for path, data in opening.files.items():
        before = files.get(path)
        if isinstance(before, RepositoryFile):
            files[path] = replace(before, data=data)
    return images_now(facts.environment, tuple(would_be.components), files)


def pull(facts: EnvironmentFacts, opening: OpenPull, now: datetime) -> PullSnapshot:
    """The pull request that there would be: on the present base, with nothing said about it yet."""
    repository = facts.snapshot.repository
    return PullSnapshot(
        taken_at=now,
        repository=repository,
        base_head_sha=opening.base_sha,
        pull=Pull(
            number=NO_NUMBER,
            node_id="",
            url="",
            title=opening.title,
            body=opening.body,
            state=PullState.OPEN,
            draft=False,
            author=Actor(id=facts.bot_id, login="lockstep", is_bot=True),
            base_ref=opening.base_ref,
            base_sha=opening.base_sha,
            head_ref=opening.branch,
            head_sha=NO_COMMIT,
            head_repository_id=repository.id,
            labels=opening.labels,
            mergeable=Mergeable.UNKNOWN,
            behind=False,
            commits=1,
            changed_files=tuple(sorted(opening.files)),
            files_complete=True,
            created_at=now,
        ),
        head=Commit(sha=NO_COMMIT, message=opening.message),
        checks=(),
        own_checks=(),
        base_files=facts.snapshot.files,
        head_files={},
    )
