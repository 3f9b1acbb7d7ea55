"""Does this person's yes count, and for what? Each "no" is a sentence (row P3, attack cases 53, 54, 57, 59 to 61, 63).

Everything is asked of the facts of now, so somebody who has left the team since no longer counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from bot.decide.authorize import MAY_WRITE
from bot.model.approval_facts import ApprovalFacts, Contributors, Membership, PathOwners
from bot.model.facts import Actor, Unknown
from bot.model.policy_gates import Role


class Kind(Enum):
    """Why somebody does not count."""

    BOT = "bot"
    GONE = "gone"
    SELF = "self_approval"
    PERMISSION = "no_permission"
    ROLE = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class No:
    """Does not count; `why` is a sentence without its full stop, `kind` a word for the ledger and the metric."""

    kind: Kind
    why: str


Answer: TypeAlias = No | Unknown | None
"""None: nothing speaks against it. Unknown's `why` is a sentence that says what cannot be verified."""


def first(answers: Iterable[Answer]) -> Answer:
    """The first plain no, else the first that cannot be verified: who is out anyway needs no further question."""
    unsure: Unknown | None = None
    for answer in answers:
        if isinstance(answer, No):
            return answer
        unsure = unsure or answer
    return unsure


def person(actor: Actor, facts: ApprovalFacts) -> Answer:
    """What speaks against a person's yes, whatever it is to count for."""
    return first(_against(actor, facts))


def administers(actor: Actor, facts: ApprovalFacts) -> Answer:
    """Whether the person is an admin of the config repository."""
    level = facts.permissions.of(actor.id)
    if isinstance(level, Unknown):
        return Unknown(why=f"cannot verify the permission of {actor.login}: {level.why}")
    if level == "admin":
        return None
    return No(
        kind=Kind.PERMISSION, why=f"{actor.login} has {level} permission, and this needs an admin's approval"
    )


def may_object(actor: Actor, facts: ApprovalFacts) -> Answer:
    """Whether changes requested by this person hold the pull request: as on GitHub, with write permission."""
    if actor.is_bot or actor.id == 0:
        return No(
            kind=Kind.BOT, why=f"{actor.login} is a bot or gone; its request for changes does not count"
        )
    return _writes(actor, facts)


def source_author(actor: Actor, facts: ApprovalFacts) -> Answer:
    """Whether the person wrote what is promoted: such a yes counts only where the rules allow `source_authors`."""
    authors = facts.contributors.source_authors
    if isinstance(authors, Unknown):
        return Unknown(why=f"cannot verify who wrote the promoted commits: {authors.why}")
    if any(each.id == actor.id for each in authors):
        return No(
            kind=Kind.SELF, why=f"{actor.login} wrote commits that this promotes, and does not approve them"
        )
    return None


def in_role(actor: Actor, name: str, role: Role, membership: Membership) -> Answer:
    """Whether the person may fill the role, as a listed login or as a member of one of its teams."""
    if _in(actor, role.users, role.teams, membership):
        return None
    unread = _unread(actor, role.teams, membership)
    return unread or No(kind=Kind.ROLE, why=f"{actor.login} is not in the role {name}")


def owns(actor: Actor, owners: PathOwners, membership: Membership) -> Answer:
    """Whether the person is one of a path's owners."""
    if _in(actor, owners.users, owners.teams, membership):
        return None
    unread = _unread(actor, owners.teams, membership)
    return unread or No(kind=Kind.ROLE, why=f"{actor.login} does not own {owners.path}")


def roles_of(actor: Actor, roles: Mapping[str, Role], membership: Membership) -> Mapping[str, bool | Unknown]:
    """Which of the rules' roles somebody fills, for `authorize`."""
    found: dict[str, bool | Unknown] = {}
    for name, role in roles.items():
        answer = in_role(actor, name, role, membership)
        found[name] = answer if isinstance(answer, Unknown) else answer is None
    return found


def contributed(actor: Actor, who: Contributors) -> str | None:
    """Why a person has too much to do with this pull request to approve it, for `authorize`; None: has not.

    Only what is certain; what cannot be read is told when approvals are counted.
    """
    return next((each.why for each in _contribution(actor, who) if isinstance(each, No)), None)


def _against(actor: Actor, facts: ApprovalFacts) -> Iterator[Answer]:
    if actor.is_bot:
        yield No(kind=Kind.BOT, why=f"{actor.login} is a bot, and bots never count")
    if actor.id == 0:
        yield No(kind=Kind.GONE, why=f"the account {actor.login} is gone")
    yield from _contribution(actor, facts.contributors)
    yield _writes(actor, facts)


def _contribution(actor: Actor, who: Contributors) -> Iterator[Answer]:
    login = actor.login
    if who.author.id == actor.id:
        yield No(kind=Kind.SELF, why=f"{login} opened this pull request, and does not approve it")
    yield _is(
        actor, who.requester, f"{login} asked for this promotion, and does not approve it", "asked for it"
    )
    yield _is(actor, who.last_pusher, f"{login} pushed last, and does not approve that", "pushed last")
    yield _among(
        actor,
        who.committers,
        f"{login} wrote commits of this pull request",
        "wrote this pull request's commits",
    )
    if who.unresolved:
        stranger = who.unresolved[0]
        pushed = f"{login} pushed here, and the commits of {stranger!r} belong to no account, so they may be {login}'s"
        yield _among(actor, who.pushers, pushed, f"pushed the commits of {stranger!r}")


def _is(actor: Actor, other: Actor | Unknown | None, why: str, what: str) -> Answer:
    if isinstance(other, Unknown):
        return Unknown(why=f"cannot verify who {what}: {other.why}")
    return No(kind=Kind.SELF, why=why) if other is not None and other.id == actor.id else None


def _among(actor: Actor, others: tuple[Actor, ...] | Unknown, why: str, what: str) -> Answer:
    if isinstance(others, Unknown):
        return Unknown(why=f"cannot verify who {what}: {others.why}")
    return No(kind=Kind.SELF, why=why) if any(each.id == actor.id for each in others) else None


def _writes(actor: Actor, facts: ApprovalFacts) -> Answer:
    level = facts.permissions.of(actor.id)
    if isinstance(level, Unknown):
        return Unknown(why=f"cannot verify the permission of {actor.login}: {level.why}")
    if level in MAY_WRITE:
        return None
    held = "no" if level == "none" else level
    return No(kind=Kind.PERMISSION, why=f"{actor.login} has {held} permission, and this needs write")


def _in(actor: Actor, users: Iterable[str], teams: Iterable[str], membership: Membership) -> bool:
    listed = actor.id != 0 and actor.login.lower() in {login.lower() for login in users}
    return listed or any(membership.of(actor.id, team) is True for team in teams)


def _unread(actor: Actor, teams: Iterable[str], membership: Membership) -> Unknown | None:
    for team in teams:
        known = membership.of(actor.id, team)
        if isinstance(known, Unknown):
            return Unknown(why=f"cannot verify membership of {actor.login} in {team}: {known.why}")
    return None
