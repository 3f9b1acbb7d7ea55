"""A release becomes a hotfix: because of the branch it was built on, or because somebody who may says so (row R7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.model.door import Door
from bot.model.facts import Actor
from bot.model.hotfix import Hotfix
from bot.model.image import ComponentTag
from bot.model.release import Release
from bot.model.subject import Subject
from bot.run.house import House, note, whole


def declare(house: House, subject: Subject, config_repository_id: int, release: Release) -> None:
    """A release of a hotfix branch is one in every config repository that lists the branch; twice is quiet."""
    _keep(house, subject, _hotfix(config_repository_id, release, release.components, house.clock()), {})


def make(
    house: House,
    subject: Subject,
    config_repository_id: int,
    release: Release,
    components: Mapping[str, ComponentTag],
    *,
    by: Actor,
    via: Door,
    delivery_id: str | None = None,
) -> None:
    """These components of a release are a hotfix because `by` says so; the authorizer has said yes before."""
    hotfix = _hotfix(config_repository_id, release, components, house.clock(), by, via)
    who = {"actor_id": by.id, "actor_login": by.login, "delivery_id": delivery_id}
    _keep(house, subject, hotfix, who)


def _hotfix(
    config_repository_id: int,
    release: Release,
    components: Mapping[str, ComponentTag],
    at: datetime,
    by: Actor | None = None,
    via: Door | None = None,
) -> Hotfix:
    return Hotfix(
        installation_id=release.installation_id,
        config_repository_id=config_repository_id,
        source=release.source,
        source_repository_id=release.source_repository_id,
        release_id=release.id,
        fix_sha=release.head_sha,
        branch=release.branch,
        components=dict(components),
        by=by,
        via=via,
        declared_at=at,
    )


@whole
def _keep(house: House, subject: Subject, hotfix: Hotfix, who: Mapping[str, object]) -> None:
    known = house.store.hotfixes.by_release(hotfix.config_repository_id, [hotfix.release_id])
    if known and set(hotfix.components) <= set(known[0].components):
        return
    moves = ", ".join(f"{name} {tag.tag}" for name, tag in sorted(hotfix.components.items()))
    why = f"{hotfix.release_id} is a hotfix of {moves}" + ("" if hotfix.by else f": built on {hotfix.branch}")
    details = {
        "release": hotfix.release_id, "components": sorted(hotfix.components), "fix": hotfix.fix_sha,
        "branch": hotfix.branch, "config_repository": hotfix.config_repository_id,
        "door": hotfix.via.value if hotfix.via else "branch",
    }  # fmt: skip
    note(house, subject, "hotfix_declared", "done", why, details=details, **who)
    house.store.hotfixes.declare(hotfix)
