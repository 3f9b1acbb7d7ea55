"""The seats that the rules set up, who may take them, and who does (row P3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.decide.approvals import standing
from bot.decide.approvals.matching import assign
from bot.model.approval_facts import ApprovalFacts
from bot.model.facts import Actor, Unknown
from bot.model.policy_gates import Approval, Role

ANYBODY = "write permission"
"""What stands for the role where the rules name none and a person must approve all the same (row R4)."""


ADMIN = "admin permission"
"""What stands for the role where nobody is named for a change of the rules (row R8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One of the yeses demanded. `role` None: anybody with write permission may give it, for ADMIN an admin alone."""

    name: str
    role: Role | None
    source_authors: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Somebody whose yes counts, and for which role."""

    person: Actor
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """So many yeses of a role that are not there; `may`: people who could give them, as far as known, by login."""

    role: str
    count: int
    may: tuple[str, ...]
    members: tuple[str, ...]
    """The role's teams and logins, as the rules name them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seating:
    """The best assignment of those who certainly count."""

    filled: tuple[Filled, ...]
    missing: tuple[Missing, ...]
    unsure: tuple[str, ...]
    """Why people whose yes would bring it further cannot be counted; empty when none would."""


def seats_of(
    approvals: Sequence[Approval], roles: Mapping[str, Role], *, anybody: bool, admin: bool = False
) -> tuple[Seat, ...] | Unknown:
    """One seat for each yes demanded; Unknown when a role is not defined. `anybody` adds one if there is none, `admin`
    one for an admin."""
    found: list[Seat] = []
    for each in approvals:
        role = roles.get(each.role)
        if role is None:
            return Unknown(why=f"the rules file does not define the role {each.role}")
        found += [Seat(name=each.role, role=role, source_authors=each.source_authors)] * each.count
    if admin:
        found.append(Seat(name=ADMIN, role=None))
    if anybody and not found:
        return (Seat(name=ANYBODY, role=None),)
    return tuple(found)


def fits(actor: Actor, seat: Seat, facts: ApprovalFacts) -> standing.Answer:
    """What speaks against this person's yes in this seat."""
    return standing.first(
        (
            None if seat.role is None else standing.in_role(actor, seat.name, seat.role, facts.membership),
            standing.person(actor, facts),
            standing.administers(actor, facts) if seat.name == ADMIN and seat.role is None else None,
            None if seat.source_authors else standing.source_author(actor, facts),
        )
    )


def seating(seats: Sequence[Seat], approvers: Sequence[Actor], facts: ApprovalFacts) -> Seating:
    """Who sits where, what is missing, and whether people who cannot be verified would matter."""
    answers = {
        actor.id: [fits(actor, seat, facts) for seat in seats]
        for actor in sorted(approvers, key=lambda each: (each.login.lower(), each.id))
    }
    sure = assign(len(seats), {who: _where(found, unsure=False) for who, found in answers.items()})
    hoped = assign(len(seats), {who: _where(found, unsure=True) for who, found in answers.items()})
    people = {actor.id: actor for actor in approvers}
    filled = tuple(Filled(person=people[who], role=seats[seat].name) for seat, who in sorted(sure.items()))
    why = (
        {answer.why: None for who in answers for answer in answers[who] if isinstance(answer, Unknown)}
        if len(hoped) > len(sure)
        else {}
    )
    return Seating(filled=filled, missing=_missing(seats, sure, facts), unsure=tuple(why))


def _where(answers: Sequence[standing.Answer], *, unsure: bool) -> list[int]:
    return [
        seat
        for seat, answer in enumerate(answers)
        if answer is None or (unsure and isinstance(answer, Unknown))
    ]


def _missing(seats: Sequence[Seat], taken: Mapping[int, int], facts: ApprovalFacts) -> tuple[Missing, ...]:
    empty: dict[str, list[Seat]] = {}
    for number, seat in enumerate(seats):
        if number not in taken:
            empty.setdefault(seat.name, []).append(seat)
    free = [actor for actor in facts.people if actor.id not in taken.values()]
    return tuple(
        Missing(
            role=name,
            count=len(rows),
            may=_logins(actor for actor in free if fits(actor, rows[0], facts) is None),
            members=(*rows[0].role.teams, *rows[0].role.users) if rows[0].role else (),
        )
        for name, rows in empty.items()
    )


def _logins(actors: Iterable[Actor]) -> tuple[str, ...]:
    return tuple(sorted({actor.login for actor in actors}, key=str.lower))
