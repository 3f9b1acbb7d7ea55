"""What must hold for any people and any roles: the assignment is the best one, and a yes never makes it worse (P3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.approvals import Demand
from bot.decide.approvals.matching import assign
from bot.model.approval_facts import (
    Contributors,
    Membership,
    PathOwners,
    Permissions,
    RequiredOwners,
    Review,
    ReviewState,
)
from bot.model.facts import Actor, Unknown
from bot.model.policy_gates import Approval, Role
from bot.model.verdict import Outcome
from tests.decide.approvals.people import BOT, OTHER, judged, review

SEATS = 4
GRAPHS = st.dictionaries(st.integers(0, 5), st.lists(st.integers(0, SEATS - 1), unique=True), max_size=6)


def brute_force(candidates: Mapping[int, Sequence[int]]) -> int:
    """How many can be seated at most: every way to send each person to one seat or away."""
    best = 0
    for choice in product(*([*seats, None] for seats in candidates.values())):
        taken = [seat for seat in choice if seat is not None]
        if len(taken) == len(set(taken)):
            best = max(best, len(taken))
    return best


@given(GRAPHS)
def test_as_many_seats_are_filled_as_by_trying_every_way(candidates: dict[int, list[int]]) -> None:
    assert len(assign(SEATS, candidates)) == brute_force(candidates)


@given(GRAPHS)
def test_everybody_sits_once_and_where_they_may(candidates: dict[int, list[int]]) -> None:
    found = assign(SEATS, candidates)
    assert len(set(found.values())) == len(found)
    assert all(seat in candidates[person] for seat, person in found.items())


TEAMS = ("o/a", "o/b", "o/c")
CROWD = tuple(Actor(id=number, login=f"p{number}") for number in range(1, 6))
TEAM_SETS = st.frozensets(st.sampled_from(TEAMS))
MAYBE = Unknown(why="no answer")


@st.composite
def rules(draw: st.DrawFn) -> Demand:
    """Up to three roles of up to two people, and perhaps a path with owners."""
    roles = {name: Role(teams=tuple(sorted(draw(TEAM_SETS)))) for name in "xyz"}
    approvals = tuple(
        Approval(role=name, count=draw(st.integers(1, 2)), source_authors=draw(st.booleans()))
        for name in draw(st.lists(st.sampled_from("xyz"), unique=True))
    )
    paths = (PathOwners(path="f", teams=tuple(sorted(draw(TEAM_SETS)))),) if draw(st.booleans()) else ()
    owners = RequiredOwners(file="CODEOWNERS", paths=paths)
    return Demand(
        environment="e", approvals=approvals, roles=roles, owners=owners, anybody=draw(st.booleans())
    )


@st.composite
def known(draw: st.DrawFn, *, doubts: bool) -> dict[str, object]:
    """What is known about the crowd; with `doubts`, some of it could not be read."""
    teams = {each.id: draw(st.one_of(TEAM_SETS, st.just(MAYBE)) if doubts else TEAM_SETS) for each in CROWD}
    levels = st.sampled_from(["write", "write", "read", MAYBE] if doubts else ["write", "write", "read"])
    some = st.lists(st.sampled_from(CROWD), max_size=1).map(tuple)
    return {
        "membership": Membership(teams=teams),
        "permissions": Permissions(levels={each.id: draw(levels) for each in CROWD}),
        "contributors": Contributors(
            author=BOT,
            last_pusher=None,
            committers=draw(some),
            requester=None,
            source_authors=draw(st.one_of(some, st.just(MAYBE)) if doubts else some),
        ),
        "people": CROWD,
    }


@st.composite
def voices(draw: st.DrawFn) -> list[Review]:
    """Some reviews, one after the other, some of them of another head."""
    chosen = draw(
        st.lists(st.tuples(st.sampled_from(CROWD), st.sampled_from(ReviewState), st.booleans()), max_size=6)
    )
    return [
        review(who, state, id=number, minute=number, **({"head": OTHER} if stale else {}))
        for number, (who, state, stale) in enumerate(chosen, start=1)
    ]


RANK = {Outcome.BLOCK: 0, Outcome.WAIT: 1, Outcome.PASS: 2, Outcome.SKIP: 2}


@settings(max_examples=300)
@given(rules(), known(doubts=False), voices(), st.sampled_from(CROWD), st.booleans())
def test_one_more_approval_never_makes_it_worse(
    demand: Demand, facts: dict[str, object], said: list[Review], who: Actor, stale: bool
) -> None:
    more = review(who, id=99, minute=99, **({"head": OTHER} if stale else {}))
    before, after = judged(*said, demand=demand, **facts), judged(*said, more, demand=demand, **facts)
    assert RANK[after.verdict.outcome] >= RANK[before.verdict.outcome]


@settings(max_examples=300)
@given(rules(), known(doubts=True), voices(), st.sampled_from(CROWD))
def test_with_facts_unread_one_more_approval_never_ends_a_pass(
    demand: Demand, facts: dict[str, object], said: list[Review], who: Actor
) -> None:
    before = judged(*said, demand=demand, **facts)
    after = judged(*said, review(who, id=99, minute=99), demand=demand, **facts)
    assert before.verdict.outcome is not Outcome.PASS or after.verdict.outcome is Outcome.PASS


@settings(max_examples=300)
@given(rules(), known(doubts=True), voices(), st.data())
def test_an_approval_less_never_makes_a_pass(
    demand: Demand, facts: dict[str, object], said: list[Review], data: st.DataObject
) -> None:
    approvals = [each for each in said if each.state is ReviewState.APPROVED]
    gone = data.draw(st.sampled_from(approvals)) if approvals else None
    before = judged(*said, demand=demand, **facts)
    after = judged(*(each for each in said if each is not gone), demand=demand, **facts)
    assert after.verdict.outcome is not Outcome.PASS or before.verdict.outcome is Outcome.PASS


@settings(max_examples=200)
@given(rules(), known(doubts=True), voices())
def test_a_doubt_never_passes_what_a_plain_no_would_not(
    demand: Demand, facts: dict[str, object], said: list[Review]
) -> None:
    membership = facts["membership"]
    assert isinstance(membership, Membership)
    plain = {
        who: frozenset[str]() if isinstance(teams, Unknown) else teams
        for who, teams in membership.teams.items()
    }
    doubtful = judged(*said, demand=demand, **facts)
    certain = judged(*said, demand=demand, **{**facts, "membership": replace(membership, teams=plain)})
    assert doubtful.verdict.outcome is not Outcome.PASS or certain.verdict.outcome is Outcome.PASS
