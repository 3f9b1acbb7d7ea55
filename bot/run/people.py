"""What GitHub knows of the people who said something: their permission and their teams, as they stand now (P3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.errors import InstallationGone, Terminal
from bot.model.approval_facts import Membership, Permissions
from bot.model.facts import Actor, Repository, Unknown
from bot.model.ports import GitHub


def permissions_of(github: GitHub, repository: Repository, people: Iterable[Actor]) -> Permissions:
    """Effective permissions, one request a person; what GitHub refuses to say is unknown (attack cases 59, 60)."""
    levels: dict[int, str | Unknown] = {}
    for person in people:
        levels[person.id] = permission_of(github, repository, person)
    return Permissions(levels=levels)


def permission_of(github: GitHub, repository: Repository, person: Actor) -> str | Unknown:
    """The effective permission of one person."""
    try:
        return github.permission(repository.full_name, person.login, person.id or None)
    except InstallationGone:
        raise
    except Terminal as refused:
        return Unknown(why=str(refused))


def members_of(people: Iterable[Actor], members: Mapping[str, tuple[Actor, ...] | Unknown]) -> Membership:
    """Which of the teams that were read the people are in."""
    read = {
        name: {each.id for each in found} for name, found in members.items() if not isinstance(found, Unknown)
    }
    return Membership(
        teams={
            person.id: frozenset(name for name, ids in read.items() if person.id in ids) for person in people
        },
        unread={name: found for name, found in members.items() if isinstance(found, Unknown)},
    )
