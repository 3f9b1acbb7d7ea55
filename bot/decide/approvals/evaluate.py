"""May this content go there, as far as people are concerned? One verdict, and who counts for what and who does not.

Rows P3, R4, B1; attack cases 44, 53, 54, 56 to 61, 63, 64. Pure: ask it afresh directly before a merge (case 77).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.decide.approvals import standing, words
from bot.decide.approvals.bind import Bound, Voided, bind
from bot.decide.approvals.demand import Demand
from bot.decide.approvals.exclusion import Excluded, excluded, is_out
from bot.decide.approvals.owners import OwnersMissing, counts_for, missing_owners, same_owners
from bot.decide.approvals.seats import Missing, Seat, Seating, seating, seats_of
from bot.decide.approvals.voices import Yes
from bot.model.approval_facts import (
    ApprovalFacts,
    ApprovalRecord,
    ContentIdentity,
    PathOwners,
    RequiredOwners,
    UnresolvedOwners,
)
from bot.model.facts import Actor, Unknown
from bot.model.verdict import Evidence, Outcome, Verdict, Waiting, worst

GATE = "approvals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A yes that counts, and for what: a role, `owner`, or both."""

    yes: Yes
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The verdict and what it rests on."""

    verdict: Verdict
    counting: tuple[Counted, ...] = ()
    missing: tuple[Missing, ...] = ()
    owners_missing: tuple[OwnersMissing, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    objectors: tuple[Actor, ...] = ()
    """Those who request changes and whose request counts."""
    voided: tuple[Voided, ...] = ()
    tampered: tuple[tuple[Actor, Actor], ...] = ()
    """Whose `/approve` was edited by whom; for the ledger."""
    fresh: tuple[ApprovalRecord, ...] = ()
    """To be kept before the verdict is acted on: the next look compares the content with it."""
    unverified: tuple[str, ...] = ()
    """What could not be read and matters: look again soon."""


def evaluate_approvals(
    demand: Demand, facts: ApprovalFacts, content: ContentIdentity | Unknown
) -> Evaluation:
    """Judges everybody's voice for this content. Where no one's yes is demanded the verdict is `skip`."""
    anybody = demand.anybody and not _owned(demand.owners)
    seats = seats_of(demand.approvals, demand.roles, anybody=anybody, admin=demand.admin)
    if isinstance(content, Unknown):
        return _unreadable("what they were given to cannot be told", content)
    if isinstance(facts.reviews, Unknown):
        return _unreadable("the reviews cannot be read", facts.reviews)
    if isinstance(facts.comments, Unknown):
        return _unreadable("the comments cannot be read", facts.comments)
    if isinstance(demand.owners, Unknown):
        return _unreadable("CODEOWNERS cannot be read", demand.owners)
    if isinstance(seats, Unknown):
        return _unreadable("the roles cannot be told", seats)
    bound = bind(
        facts.at,
        facts.records,
        facts.reviews,
        facts.comments,
        content,
        cancellations=facts.cancellations,
        changed_at=facts.changed_at,
    )
    owners = demand.owners or RequiredOwners(file="")
    distinct = tuple(group[0] for group in same_owners(owners.paths))
    return _Judgement(seats=seats, owners=owners, distinct=distinct, facts=facts, bound=bound).evaluation()


def _owned(owners: RequiredOwners | Unknown | None) -> bool:
    return isinstance(owners, RequiredOwners) and bool(owners.paths or owners.unresolved)


def _unreadable(what: str, unknown: Unknown) -> Evaluation:
    headline = f"Cannot judge the approvals, {what}: {unknown.why}"
    verdict = Verdict(gate=GATE, outcome=Outcome.UNKNOWN, headline=headline)
    return Evaluation(verdict=verdict, unverified=(headline,))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    """Everything that was read, on its way to one verdict."""

    seats: tuple[Seat, ...]
    owners: RequiredOwners
    distinct: tuple[PathOwners, ...]
    """One of the paths for each set of owners: a change may touch thousands."""
    facts: ApprovalFacts
    bound: Bound

    def evaluation(self) -> Evaluation:
        approvers = [yes.person for yes in self.bound.given]
        seated = seating(self.seats, approvers, self.facts)
        paths = missing_owners(self.owners, approvers, self.facts)
        counting = tuple(self._counting(seated))
        objectors, doubtful = self._objections()
        unsure = tuple(
            dict.fromkeys((*doubtful, *seated.unsure, *(why for each in paths for why in each.unsure)))
        )
        tampered = tuple(each for each in self.bound.tampered if not self._out(each[0]))
        found = [
            *_says(Outcome.UNKNOWN, [f"{why[:1].upper()}{why[1:]}" for why in unsure]),
            *self._owner_faults(),
            *_says(Outcome.BLOCK, [words.objection(each) for each in objectors]),
            *_says(Outcome.BLOCK, [words.tampering(*each) for each in tampered]),
        ]
        if seated.missing or paths:
            found += _says(Outcome.WAIT, [words.waits_for(seated.missing, paths)])
        voided = tuple(each for each in self.bound.voided if not self._out(each.person))
        out = self._excluded()
        notes = (*(each.why for each in voided), *(each.why for each in out), *self.bound.notes)
        return Evaluation(
            verdict=self._verdict(found, counting, notes),
            counting=counting,
            missing=seated.missing,
            owners_missing=paths,
            excluded=out,
            objectors=objectors,
            voided=voided,
            tampered=tampered,
            fresh=self.bound.fresh,
            unverified=unsure,
        )

    def _verdict(
        self, found: Sequence[Verdict], counting: Sequence[Counted], notes: tuple[str, ...]
    ) -> Verdict:
        if not found and not self.seats and not self.owners.paths:
            return Verdict(gate=GATE, outcome=Outcome.SKIP, headline="Nobody's approval is demanded here")
        if not found:
            found = _says(Outcome.PASS, [_approved(counting)])
        outcome = worst(found)
        deciding = [each.headline for each in found if each.outcome is outcome]
        others = [each.headline for each in found if each.outcome is not outcome]
        return Verdict(
            gate=GATE,
            outcome=outcome,
            headline=deciding[0],
            reasons=(*deciding[1:], *others, *notes),
            evidence=tuple(map(_evidence, counting)),
            waiting=Waiting.PERSON,
        )

    def _counting(self, seated: Seating) -> Iterator[Counted]:
        """The approvals that count and for what, in the order of the roles, then owners only."""
        given = {yes.person.id: yes for yes in self.bound.given}
        roles = {each.person.id: (each.role,) for each in seated.filled}
        for who in (*roles, *(other for other in given if other not in roles)):
            owns = any(counts_for(given[who].person, path, self.facts) is None for path in self.distinct)
            what = (*roles.get(who, ()), *(("owner",) if owns else ()))
            if what:
                yield Counted(yes=given[who], what=what)

    def _objections(self) -> tuple[tuple[Actor, ...], tuple[str, ...]]:
        answers = [(actor, standing.may_object(actor, self.facts)) for actor in self.bound.objectors]
        counting = tuple(actor for actor, answer in answers if answer is None)
        return counting, tuple(answer.why for _, answer in answers if isinstance(answer, Unknown))

    def _out(self, actor: Actor) -> bool:
        return is_out(actor, self.seats, self.distinct, self.facts)

    def _excluded(self) -> tuple[Excluded, ...]:
        voiced = (*(yes.person for yes in self.bound.given), *(each.person for each in self.bound.voided))
        return tuple(excluded(voiced, self.seats, self.distinct, self.facts))

    def _owner_faults(self) -> list[Verdict]:
        faults = self.owners.unresolved
        empty = [
            UnresolvedOwners(path=path.path, line=None, why="nobody is left of its owners")
            for path in self.owners.paths
            if not path.users and not path.teams
        ]
        plain = [*(each for each in faults if not each.unknown), *empty]
        unknown = [each for each in faults if each.unknown]
        return [
            *_says(Outcome.BLOCK, [words.owners_unresolved(self.owners, plain)] if plain else []),
            *_says(Outcome.UNKNOWN, [words.owners_unresolved(self.owners, unknown)] if unknown else []),
        ]


def _says(outcome: Outcome, sentences: Sequence[str]) -> list[Verdict]:
    return [Verdict(gate=GATE, outcome=outcome, headline=each) for each in sentences]


def _approved(counting: Sequence[Counted]) -> str:
    return "Approved by " + words.names(
        [f"{each.yes.person.login} ({', '.join(each.what)})" for each in counting]
    )


def _evidence(counted: Counted) -> Evidence:
    """Who approved what, where it was said and when: an approver of the evidence record (row B6)."""
    yes = counted.yes
    said, source = f"approved by {yes.person.login}", f"{yes.via.value} {yes.source_id}"
    return Evidence(measured=said, needed=" and ".join(counted.what), source=source, at=yes.at)
