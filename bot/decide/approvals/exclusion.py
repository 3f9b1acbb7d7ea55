"""Whose yes counts for nothing here, and why, in a sentence for each (attack cases 53, 54, 57, 59, 63)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from bot.decide.approvals import standing
from bot.decide.approvals.owners import counts_for
from bot.decide.approvals.seats import Seat, fits
from bot.model.approval_facts import ApprovalFacts, PathOwners
from bot.model.facts import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """An approver who counts for nothing here, and the sentence that says why."""

    person: Actor
    kind: standing.Kind
    why: str


def is_out(actor: Actor, seats: Sequence[Seat], owners: Sequence[PathOwners], facts: ApprovalFacts) -> bool:
    """Whether this person's yes counts for nothing, neither in a role nor as an owner, for certain."""
    answers = chain(
        (fits(actor, seat, facts) for seat in dict.fromkeys(seats)),
        (counts_for(actor, path, facts) for path in owners),
    )
    return all(isinstance(answer, standing.No) for answer in answers)


def excluded(
    actors: Iterable[Actor], seats: Sequence[Seat], owners: Sequence[PathOwners], facts: ApprovalFacts
) -> Iterator[Excluded]:
    """Those of `actors` who are out, with the first reason that a person can do something about."""
    for actor in actors:
        if is_out(actor, seats, owners, facts):
            no = _why(actor, seats, owners, facts)
            yield Excluded(person=actor, kind=no.kind, why=f"{no.why}.")


def _why(
    actor: Actor, seats: Sequence[Seat], owners: Sequence[PathOwners], facts: ApprovalFacts
) -> standing.No:
    answer = standing.person(actor, facts)
    if isinstance(answer, standing.No):
        return answer
    author = standing.source_author(actor, facts)
    if isinstance(author, standing.No) and _belongs(actor, seats, owners, facts):
        return author
    roles = tuple(dict.fromkeys(each.name for each in seats if each.role is not None))
    parts = [f"is in none of the roles {', '.join(roles)}"] if len(roles) > 1 else []
    parts += [f"is not in the role {roles[0]}"] if len(roles) == 1 else []
    parts += ["owns none of the touched paths"] if owners else []
    why = f"{actor.login} {' and '.join(parts) or 'is asked for nothing here'}"
    return standing.No(kind=standing.Kind.ROLE, why=why)


def _belongs(actor: Actor, seats: Sequence[Seat], owners: Sequence[PathOwners], facts: ApprovalFacts) -> bool:
    """Whether the person is in one of the roles, or an owner, and out for another reason."""
    answers = (
        *(
            None if seat.role is None else standing.in_role(actor, seat.name, seat.role, facts.membership)
            for seat in seats
        ),
        *(standing.owns(actor, path, facts.membership) for path in owners),
    )
    return any(answer is None for answer in answers)
