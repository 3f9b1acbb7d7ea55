"""People, their voices and what is known about them, each with everything right, so that a test names what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.decide.approvals import Demand, Evaluation, evaluate_approvals
from bot.model.approval_facts import (
    ApprovalFacts,
    ApproveComment,
    Cancellation,
    ContentIdentity,
    Contributors,
    Membership,
    Permissions,
    PullAt,
    Review,
    ReviewState,
)
from bot.model.facts import Actor, Unknown
from bot.model.policy_gates import Approval, Role
from bot.model.verdict import Outcome

T0 = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HEAD, OTHER = "a" * 40, "b" * 40
BOT = Actor(id=9001, login="lockstep[bot]", is_bot=True)
ANA, BEN, CHO, DAN, EVE, FAY = (
    Actor(id=number, login=login)
    for number, login in enumerate(("ana", "ben", "cho", "dan", "eve", "fay"), start=11)
)
PEOPLE = (ANA, BEN, CHO, DAN, EVE, FAY)
AT = PullAt(repository_id=501, pull=7, base_ref="main", head_sha=HEAD, environment="canary")

ROLES = {
    "sre": Role(teams=("Splattop/SRE",)),
    "qa": Role(teams=("splattop/qa",), users=("Dan",)),
}
TEAMS = {
    ANA.id: frozenset({"splattop/sre"}),
    BEN.id: frozenset({"splattop/sre", "splattop/qa"}),
    CHO.id: frozenset({"splattop/qa"}),
    DAN.id: frozenset[str](),
    EVE.id: frozenset[str](),
    FAY.id: frozenset[str](),
}
NOBODY = Contributors(author=BOT, last_pusher=None, committers=(), requester=None, source_authors=())
CONTENT = ContentIdentity(
    base_ref="main",
    digests=(("api", "sha256:" + "1" * 64),),
    files=(("helm/values-canary.yaml", "100644:" + "2" * 64),),
    gates=(("slo", "passed"), ("tests", "passed")),
)
DEMAND = Demand(environment="canary", approvals=(Approval(role="sre"), Approval(role="qa")), roles=ROLES)


def at(minutes: float) -> datetime:
    """So many minutes after noon."""
    return T0 + timedelta(minutes=minutes)


def review(
    who: Actor,
    state: ReviewState = ReviewState.APPROVED,
    *,
    id: int = 0,
    minute: float = 1,
    head: str | None = HEAD,
) -> Review:
    """A review; its id follows from who and when unless given."""
    number = id or who.id * 100 + int(minute)
    return Review(id=number, author=who, state=state, commit_sha=head, submitted_at=at(minute))


def comment(who: Actor, *, minute: float = 1, head: str | Unknown = HEAD, **known: Any) -> ApproveComment:
    """An `/approve`."""
    number = 50_000 + who.id * 100 + int(minute)
    return ApproveComment(comment_id=number, author=who, head_sha=head, created_at=at(minute), **known)


def cancel(who: Actor, *, minute: float) -> Cancellation:
    """An `/approve cancel`."""
    return Cancellation(comment_id=90_000 + who.id, author=who, created_at=at(minute))


def facts(*voices: Review | ApproveComment | Cancellation, **known: Any) -> ApprovalFacts:
    """Everybody writes, nobody contributed, the teams are read; `known` says otherwise."""
    fields: dict[str, Any] = {
        "at": AT,
        "reviews": tuple(each for each in voices if isinstance(each, Review)),
        "comments": tuple(each for each in voices if isinstance(each, ApproveComment)),
        "cancellations": tuple(each for each in voices if isinstance(each, Cancellation)),
        "membership": Membership(teams=TEAMS),
        "permissions": Permissions(levels={each.id: "write" for each in PEOPLE}),
        "contributors": NOBODY,
        "people": PEOPLE,
    }
    return ApprovalFacts(**{**fields, **known})


def judged(
    *voices: Review | ApproveComment | Cancellation,
    demand: Demand = DEMAND,
    content: ContentIdentity | Unknown = CONTENT,
    **known: Any,
) -> Evaluation:
    """The evaluation of these voices."""
    return evaluate_approvals(demand, facts(*voices, **known), content)


def answer(found: Evaluation) -> tuple[Outcome, str]:
    """What the check run would show."""
    return found.verdict.outcome, found.verdict.headline
