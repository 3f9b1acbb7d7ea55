"""What CODEOWNERS of the base branch demands for a pull request's files, with its owners looked up (rows R4, R8).

The file is the base branch's, so a pull request cannot change it in its own favour (attack case 43).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.decide.approvals import required_owners
from bot.decide.codeowners import (
    CODEOWNERS_PATHS,
    CodeOwnersRefused,
    Ownership,
    owners_for_change,
    parse,
)
from bot.model.approval_facts import RequiredOwners
from bot.model.facts import Actor, RepositoryFile, Unknown
from bot.model.ports import GitHub
from bot.model.snapshot import PullSnapshot
from bot.run.house import House

_parsed = functools.lru_cache(maxsize=16)(parse)
"""The same bytes say the same: a repository's file is read once, not in the look at each of its pull requests."""


HEADS = 500
"""Heads for which GitHub's word is kept in memory."""


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
    house: House,
    github: GitHub,
    snapshot: PullSnapshot,
    demanded: OwnersDemand,
    members: Mapping[str, tuple[Actor, ...] | Unknown],
    *,
    look_up: bool,
) -> RequiredOwners | Unknown | None:
    """The demand with its owners resolved. GitHub alone knows which owner it takes: one that exists, can be seen, and
    has write permission, a team by its own. Once somebody has said something (`look_up`) it is asked in each look;
    until then once for a head, so that nobody waits for an owner who cannot come. An e-mail address names nobody that
    Lockstep can ask for."""
    if demanded.file is None or isinstance(demanded.file, Unknown):
        return demanded.file
    wrong = _errors(house, github, snapshot, demanded.file, fresh=look_up) if demanded.owners else {}
    resolved: dict[str, str | Unknown | None] = {}
    for each in demanded.ownerships:
        if each.match is None:
            continue
        said = () if isinstance(wrong, Unknown) else wrong.get(each.match.line, ())
        for owner in each.match.owners:
            key = owner.lower()
            if resolved.get(key, key) is None:
                continue
            if not owner.startswith("@") or _named(owner, each.match.owners, said):
                resolved[key] = None
            elif not look_up:
                resolved[key] = _name(owner)
            elif isinstance(wrong, Unknown):
                resolved[key] = wrong
            else:
                resolved[key] = _team(_name(owner), members) if _is_team(owner) else _name(owner)
    return required_owners(demanded.file, demanded.ownerships, resolved)


def _errors(
    house: House, github: GitHub, snapshot: PullSnapshot, file: str, *, fresh: bool
) -> Mapping[int, tuple[str, ...]] | Unknown:
    """GitHub's word on the lines of the base branch's file; kept for a head while nobody has spoken."""
    found = snapshot.base_files.get(file)
    oid = found.oid if isinstance(found, RepositoryFile) else ""
    key = (snapshot.repository.id, oid, snapshot.pull.head_sha)
    kept = house.owner_errors.get(key)
    if kept is not None and not fresh:
        return kept
    errors = github.owner_errors(snapshot.repository.full_name, snapshot.base_head_sha)
    if not isinstance(errors, Unknown):
        while len(house.owner_errors) >= HEADS:
            house.owner_errors.pop(next(iter(house.owner_errors)), None)
        house.owner_errors[key] = errors
    return errors


def _named(owner: str, owners: Sequence[str], said: Sequence[str]) -> bool:
    """Whether GitHub's sentences about the line are about this owner; where they name none of them, about all."""
    meant = [each for each in owners if any(_stands_in(each, sentence) for sentence in said)]
    return bool(said) and (owner in meant or not meant)


def _stands_in(owner: str, sentence: str) -> bool:
    return re.search(rf"{re.escape(owner)}(?![\w/-])", sentence, re.IGNORECASE) is not None


def _team(name: str, members: Mapping[str, tuple[Actor, ...] | Unknown]) -> str | Unknown:
    found = members.get(name, Unknown(why="its members were not read"))
    return found if isinstance(found, Unknown) else name


def _is_team(owner: str) -> bool:
    return owner.startswith("@") and "/" in owner


def _name(owner: str) -> str:
    return owner.removeprefix("@").lower()
