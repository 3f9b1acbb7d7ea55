"""What CODEOWNERS of the base branch demands for a pull request's files, with its owners looked up (rows R4, R8).

The file is the base branch's, so a pull request cannot change it in its own favour (attack case 43).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.decide.approvals import required_owners
from bot.decide.authorize import MAY_WRITE
from bot.decide.codeowners import (
    CODEOWNERS_PATHS,
    CodeOwnersRefused,
    Ownership,
    owners_for_change,
    parse,
)
from bot.model.approval_facts import RequiredOwners
from bot.model.facts import Actor, Repository, RepositoryFile, Unknown
from bot.model.ports import GitHub
from bot.model.snapshot import PullSnapshot
from bot.run.people import permission_of

_parsed = functools.lru_cache(maxsize=16)(parse)
"""The same bytes say the same: a repository's file is read once, not in the look at each of its pull requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersDemand:
    """The file that counts and what it says about each changed path; `file` None: there is none."""

    file: str | Unknown | None
    ownerships: tuple[Ownership, ...] = ()

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners of the changed paths, as written, each once."""
        return tuple(dict.fromkeys(owner for each in self.ownerships for owner in each.owners))

    @property
    def teams(self) -> tuple[str, ...]:
        """The teams among them, `org/slug` in lower case."""
        return tuple(_name(owner) for owner in self.owners if _is_team(owner))


def demand(snapshot: PullSnapshot, paths: Iterable[str] | None = None) -> OwnersDemand:
    """Reads the first CODEOWNERS file of GitHub's order. One that is there and cannot be read is unknown.

    `paths` None: all files of the pull request.
    """
    changed = snapshot.pull.changed_files if paths is None else tuple(paths)
    for path in CODEOWNERS_PATHS:
        file = snapshot.base_files.get(path, Unknown(why=f"{path} was not read"))
        if isinstance(file, Unknown):
            if file.absent:
                continue
            return OwnersDemand(file=file)
        if not file.is_regular:
            return OwnersDemand(file=Unknown(why=f"{path} is a symbolic link or a submodule; make it a file"))
        return _of(file, changed)
    return OwnersDemand(file=None)


def _of(file: RepositoryFile, changed: Iterable[str]) -> OwnersDemand:
    try:
        found = owners_for_change(_parsed(file.data, file.path), changed)
    except CodeOwnersRefused as refused:
        return OwnersDemand(file=Unknown(why=str(refused)))
    return OwnersDemand(file=file.path, ownerships=found)


def required(
    github: GitHub,
    snapshot: PullSnapshot,
    demanded: OwnersDemand,
    members: Mapping[str, tuple[Actor, ...] | Unknown],
    *,
    look_up: bool,
) -> RequiredOwners | Unknown | None:
    """The demand with its owners resolved. Until somebody has said something (`look_up`) they are taken as written,
    so that waiting costs no request; an e-mail address names nobody that Lockstep can ask for."""
    if demanded.file is None or isinstance(demanded.file, Unknown):
        return demanded.file
    resolved: dict[str, str | Unknown | None] = {}
    for owner in demanded.owners:
        if not owner.startswith("@"):
            resolved[owner.lower()] = None
        elif not look_up:
            resolved[owner.lower()] = _name(owner)
        elif _is_team(owner):
            resolved[owner.lower()] = _team(_name(owner), members)
        else:
            resolved[owner.lower()] = _user(github, snapshot.repository, _name(owner))
    return required_owners(demanded.file, demanded.ownerships, resolved)


def _team(name: str, members: Mapping[str, tuple[Actor, ...] | Unknown]) -> str | Unknown:
    found = members.get(name, Unknown(why="its members were not read"))
    return found if isinstance(found, Unknown) else name


def _user(github: GitHub, repository: Repository, login: str) -> str | Unknown | None:
    """The login, if its account may write: GitHub takes no other for an owner."""
    level = permission_of(github, repository, Actor(id=0, login=login))
    if isinstance(level, Unknown):
        return level
    return login if level in MAY_WRITE else None


def _is_team(owner: str) -> bool:
    return owner.startswith("@") and "/" in owner


def _name(owner: str) -> str:
    return owner.removeprefix("@").lower()
