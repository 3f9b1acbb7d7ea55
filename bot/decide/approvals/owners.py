"""Has every touched path the yes of one of its owners (row R8, attack case 44)? Apart from the roles.

What CODEOWNERS says is read elsewhere; here it meets what GitHub knows about those owners, and the approvals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.decide.approvals import standing
from bot.decide.codeowners.values import Ownership
from bot.model.approval_facts import ApprovalFacts, PathOwners, RequiredOwners, UnresolvedOwners
from bot.model.facts import Actor, Unknown


def required_owners(
    file: str, ownerships: Iterable[Ownership], resolved: Mapping[str, str | Unknown | None]
) -> RequiredOwners:
    """The demand of a CODEOWNERS file, with each owner looked up.

    `resolved`: owner as written, in lower case, to the login (`ana`) or team (`org/slug`) with write permission that it
    is; None: there is no such owner; Unknown: GitHub did not answer. One that was not looked up counts as None.
    """
    paths: list[PathOwners] = []
    unresolved: list[UnresolvedOwners] = []
    for each in ownerships:
        if each.error is not None:
            fault = UnresolvedOwners(path=each.path, line=each.error.line, why=each.error.message)
            unresolved.append(fault)
        elif each.match is not None and each.match.owners:
            faults = list(_faults(each.path, each.match.line, each.match.owners, resolved))
            unresolved += faults
            if not faults:
                names = [
                    name for owner in each.match.owners if isinstance(name := resolved[owner.lower()], str)
                ]
                paths.append(_path(each.path, names))
    return RequiredOwners(file=file, paths=tuple(paths), unresolved=tuple(unresolved))


def _faults(
    path: str, line: int, owners: Iterable[str], resolved: Mapping[str, str | Unknown | None]
) -> Iterator[UnresolvedOwners]:
    for owner in owners:
        found = resolved.get(owner.lower())
        name = owner.removeprefix("@")
        if isinstance(found, Unknown):
            why = f"{name} could not be looked up: {found.why}"
            yield UnresolvedOwners(path=path, line=line, why=why, unknown=True)
        elif found is None:
            why = f"{name} is nobody with write permission that Lockstep can see"
            yield UnresolvedOwners(path=path, line=line, why=why)


def _path(path: str, names: Sequence[str]) -> PathOwners:
    users = tuple(name for name in names if "/" not in name)
    return PathOwners(path=path, users=users, teams=tuple(name for name in names if "/" in name))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersMissing:
    """Paths with the same owners that none of them has approved; `may`: those who could, as far as they are known."""

    paths: tuple[str, ...]
    owners: PathOwners
    may: tuple[str, ...]
    unsure: tuple[str, ...]
    """Why yeses that were given cannot be counted."""


def missing_owners(
    required: RequiredOwners, approvers: Iterable[Actor], facts: ApprovalFacts
) -> tuple[OwnersMissing, ...]:
    """What is still to be approved by an owner, one entry for each set of owners.

    A path without any owner is nobody's to approve: it stays missing.
    """
    voices = tuple(approvers)
    found: list[OwnersMissing] = []
    for group in same_owners(required.paths):
        answers = [counts_for(actor, group[0], facts) for actor in voices]
        if not any(answer is None for answer in answers):
            unsure = tuple(answer.why for answer in answers if isinstance(answer, Unknown))
            may = {each.login for each in facts.people if counts_for(each, group[0], facts) is None}
            paths = tuple(each.path for each in group)
            found.append(
                OwnersMissing(
                    paths=paths, owners=group[0], may=tuple(sorted(may, key=str.lower)), unsure=unsure
                )
            )
    return tuple(found)


def same_owners(paths: Iterable[PathOwners]) -> tuple[tuple[PathOwners, ...], ...]:
    """The paths in groups with the same owners, in the order of their first."""
    groups: dict[tuple[frozenset[str], frozenset[str]], list[PathOwners]] = {}
    for path in paths:
        key = (frozenset(map(str.lower, path.users)), frozenset(map(str.lower, path.teams)))
        groups.setdefault(key, []).append(path)
    return tuple(tuple(group) for group in groups.values())


def counts_for(actor: Actor, owners: PathOwners, facts: ApprovalFacts) -> standing.Answer:
    """What speaks against this person's yes as an owner of the path; authors of what is promoted never count."""
    return standing.first(
        (
            standing.owns(actor, owners, facts.membership),
            standing.person(actor, facts),
            standing.source_author(actor, facts),
        )
    )
