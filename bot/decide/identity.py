"""Which repository is a source of the rules? The numeric id is the identity; a name may change hands (attack case 25).

`pins` are a config repository's: lower-case source name to the id that had it when its first release was accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.model.facts import Repository
from bot.model.policy import Source


def same_name(wanted: str, found: str) -> bool:
    """Repository names are case-insensitive on GitHub."""
    return wanted.lower() == found.lower()


def wanted_id(source: Source, pins: Mapping[str, int]) -> int | None:
    """The id that the rules name, else the pinned one; None while the name alone decides."""
    return source.repository_id or pins.get(source.repository.lower())


def is_source(source: Source, repository: Repository, pins: Mapping[str, int]) -> bool:
    """Whether this repository is the one that the rules mean, whatever it is called now."""
    wanted = wanted_id(source, pins)
    return same_name(source.repository, repository.full_name) if wanted is None else wanted == repository.id


def is_impostor(source: Source, repository: Repository, pins: Mapping[str, int]) -> bool:
    """Whether this repository has the source's name and is another one."""
    return same_name(source.repository, repository.full_name) and not is_source(source, repository, pins)


def repository_of(source: Source, known: Iterable[Repository], pins: Mapping[str, int]) -> Repository | None:
    """The source's repository among those that are known; None when it is not there."""
    return next((each for each in known if is_source(source, each, pins)), None)
