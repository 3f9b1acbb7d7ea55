"""Who counts, for what, and what the pull request waits for (rows P3, R4; attack cases 53 to 63)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.decide.approvals import Demand, Kind
from bot.model.approval_facts import Contributors, Membership, Permissions, ReviewState
from bot.model.facts import Actor, Unknown
from bot.model.policy_gates import Approval, Role
from bot.model.verdict import Outcome, Waiting
from tests.decide.approvals.people import (
    ANA,
    BEN,
    BOT,
    CHO,
    DAN,
    DEMAND,
    EVE,
    NOBODY,
    PEOPLE,
    ROLES,
    TEAMS,
    answer,
    cancel,
    comment,
    judged,
    review,
)

WAITS_FOR_BOTH = "Waits for: 1 of sre (ana, ben may), 1 of qa (ben, cho, dan may)"
WAITS_FOR_SRE = "Waits for: 1 of sre (ana, ben may)"
WAITS_FOR_QA = "Waits for: 1 of qa (ben, cho, dan may)"
ONE_SRE = replace(DEMAND, approvals=(Approval(role="sre"),))
TIMEOUT = Unknown(why="GitHub did not answer in time")


@pytest.mark.parametrize(
    ("voices", "expected"),
    [
        ([], (Outcome.WAIT, WAITS_FOR_BOTH)),
        ([review(ANA)], (Outcome.WAIT, WAITS_FOR_QA)),
        ([review(CHO)], (Outcome.WAIT, WAITS_FOR_SRE)),
        ([review(BEN)], (Outcome.WAIT, "Waits for: 1 of qa (cho, dan may)")),
        ([review(ANA), review(CHO)], (Outcome.PASS, "Approved by ana (sre), cho (qa)")),
        ([review(ANA), review(DAN)], (Outcome.PASS, "Approved by ana (sre), dan (qa)")),
        ([review(ANA), review(BEN)], (Outcome.PASS, "Approved by ana (sre), ben (qa)")),
        ([review(BEN), review(CHO)], (Outcome.PASS, "Approved by ben (sre), cho (qa)")),
        ([review(ANA), review(EVE)], (Outcome.WAIT, WAITS_FOR_QA)),
    ],
)
def test_each_role_needs_its_own_person(voices: list[Any], expected: tuple[Outcome, str]) -> None:
    assert answer(judged(*voices)) == expected


def test_case_63_one_person_in_two_roles_fills_one() -> None:
    both = replace(DEMAND, roles={name: Role(users=("ben",)) for name in ROLES})
    assert answer(judged(review(BEN), demand=both)) == (
        Outcome.WAIT,
        "Waits for: 1 of qa (members of ben may)",
    )


def test_case_63_a_review_and_a_comment_of_one_person_are_one_voice() -> None:
    two = replace(DEMAND, approvals=(Approval(role="sre", count=2),))
    assert answer(judged(review(ANA), comment(ANA, minute=2), demand=two)) == (
        Outcome.WAIT,
        "Waits for: 1 of sre (ben may)",
    )


def test_a_waiting_verdict_waits_for_a_person() -> None:
    assert judged().verdict.waiting is Waiting.PERSON


def test_the_evidence_names_who_approved_for_what_and_where() -> None:
    shown = judged(review(ANA, id=71), comment(CHO, minute=3)).verdict.evidence
    assert [(each.measured, each.needed, each.source) for each in shown] == [
        ("approved by ana", "sre", "review 71"),
        ("approved by cho", "qa", "comment 51303"),
    ]


def contributors(**known: Any) -> dict[str, Contributors]:
    return {"contributors": replace(NOBODY, **known)}


def permission(level: str | Unknown) -> dict[str, Permissions]:
    return {"permissions": Permissions(levels={**{each.id: "write" for each in PEOPLE}, ANA.id: level})}


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (contributors(author=ANA), "ana opened this pull request, and does not approve it."),
        (contributors(last_pusher=ANA), "ana pushed last, and does not approve that."),
        (contributors(committers=(BEN, ANA)), "ana wrote commits of this pull request."),
        (contributors(requester=ANA), "ana asked for this promotion, and does not approve it."),
        (
            contributors(source_authors=(ANA,)),
            "ana wrote commits that this promotes, and does not approve them.",
        ),
        (permission("triage"), "ana has triage permission, and this needs write."),
        (permission("read"), "ana has read permission, and this needs write."),
        (permission("none"), "ana has no permission, and this needs write."),
        (
            contributors(unresolved=("Boss <boss@x.y>",), pushers=(ANA,)),
            "ana pushed here, and the commits of 'Boss <boss@x.y>' belong to no account, so they may be ana's.",
        ),
        ({"membership": Membership(teams={**TEAMS, ANA.id: frozenset()})}, "ana is not in the role sre."),
    ],
    ids=[
        "case 53 author",
        "case 53 last pusher",
        "case 53 committer",
        "case 54 requester",
        "case 54 source author",
        "case 59 triage",
        "case 59 reader",
        "case 61 demoted since",
        "case 57 stranger's commit",
        "case 61 left the team",
    ],
)
@pytest.mark.parametrize("voice", [review(ANA), comment(ANA)], ids=["review", "comment"])
def test_case_53_to_61_who_does_not_count_and_why(voice: Any, known: dict[str, Any], why: str) -> None:
    found = judged(voice, demand=ONE_SRE, **known)
    assert (found.verdict.outcome, [each.why for each in found.excluded]) == (Outcome.WAIT, [why])


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (contributors(requester=ANA), Kind.SELF),
        (contributors(source_authors=(ANA,)), Kind.SELF),
        (permission("read"), Kind.PERMISSION),
        ({"membership": Membership(teams={ANA.id: frozenset()})}, Kind.ROLE),
    ],
)
def test_case_53_the_ledger_gets_a_word_for_it(known: dict[str, Any], kind: Kind) -> None:
    assert [each.kind for each in judged(review(ANA), demand=ONE_SRE, **known).excluded] == [kind]


@pytest.mark.parametrize("level", ["write", "maintain", "admin"])
def test_case_59_write_and_more_counts(level: str) -> None:
    assert judged(review(ANA), demand=ONE_SRE, **permission(level)).verdict.outcome is Outcome.PASS


def test_case_54_source_authors_count_where_the_rules_allow_it() -> None:
    allowed = replace(DEMAND, approvals=(Approval(role="sre", source_authors=True),))
    found = judged(review(ANA), demand=allowed, **contributors(source_authors=(ANA,)))
    assert answer(found) == (Outcome.PASS, "Approved by ana (sre)")


def test_case_54_a_source_author_takes_the_seat_that_allows_it() -> None:
    demand = replace(DEMAND, approvals=(Approval(role="qa"), Approval(role="sre", source_authors=True)))
    found = judged(review(BEN), review(CHO), demand=demand, **contributors(source_authors=(BEN,)))
    assert answer(found) == (Outcome.PASS, "Approved by cho (qa), ben (sre)")


def test_case_57_pushers_count_again_when_every_commit_has_its_account() -> None:
    found = judged(review(ANA), demand=ONE_SRE, **contributors(pushers=(ANA,)))
    assert found.verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    "bot",
    [
        BOT,
        Actor(id=41898282, login="github-actions[bot]", is_bot=True),
        Actor(id=5, login="ana", is_bot=True),
    ],
    ids=["our own app", "github-actions", "any bot"],
)
def test_case_63_bots_never_count(bot: Actor) -> None:
    permissions = Permissions(levels={bot.id: "admin"})
    membership = Membership(teams={bot.id: frozenset({"splattop/sre"})})
    found = judged(review(bot), demand=ONE_SRE, permissions=permissions, membership=membership, people=())
    assert [each.why for each in found.excluded] == [f"{bot.login} is a bot, and bots never count."]


def test_a_deleted_account_does_not_count_even_by_its_login() -> None:
    ghost = Actor(id=0, login="dan")
    demand = replace(DEMAND, approvals=(Approval(role="qa"),))
    found = judged(review(ghost), demand=demand, permissions=Permissions(levels={0: "admin"}), people=())
    assert found.verdict.outcome is not Outcome.PASS


@pytest.mark.parametrize("state", [ReviewState.COMMENTED, ReviewState.PENDING, ReviewState.DISMISSED])
def test_case_58_reviews_that_approve_nothing_do_not_count(state: ReviewState) -> None:
    assert judged(review(ANA, state), demand=ONE_SRE).verdict.outcome is Outcome.WAIT


@pytest.mark.parametrize("state", [ReviewState.COMMENTED, ReviewState.PENDING])
def test_case_58_a_later_remark_leaves_an_approval_standing(state: ReviewState) -> None:
    found = judged(review(ANA), review(ANA, state, minute=2), demand=ONE_SRE)
    assert found.verdict.outcome is Outcome.PASS


def test_case_58_a_later_request_for_changes_blocks() -> None:
    voices = (review(ANA), review(ANA, ReviewState.CHANGES_REQUESTED, minute=2), review(BEN))
    assert answer(judged(*voices, demand=ONE_SRE)) == (
        Outcome.BLOCK,
        "ana requests changes: ana approves, or the review is dismissed, before this goes on",
    )


def test_case_58_an_approval_after_a_request_for_changes_counts() -> None:
    voices = (review(ANA, ReviewState.CHANGES_REQUESTED), review(ANA, minute=2))
    assert judged(*voices, demand=ONE_SRE).verdict.outcome is Outcome.PASS


def test_case_58_at_the_same_moment_the_request_for_changes_wins() -> None:
    voices = (review(ANA, ReviewState.CHANGES_REQUESTED, id=1), review(ANA, id=2))
    assert judged(*voices, demand=ONE_SRE).verdict.outcome is Outcome.BLOCK


def test_case_58_a_dismissed_request_for_changes_blocks_no_longer() -> None:
    voices = (review(ANA, ReviewState.DISMISSED), review(BEN))
    assert judged(*voices, demand=ONE_SRE).verdict.outcome is Outcome.PASS


@pytest.mark.parametrize("voice", [review(ANA), comment(ANA)], ids=["review", "comment"])
def test_case_58_a_cancelled_approval_is_gone(voice: Any) -> None:
    found = judged(voice, cancel(ANA, minute=2), demand=ONE_SRE)
    assert (answer(found), found.verdict.reasons) == (
        (Outcome.WAIT, WAITS_FOR_SRE),
        ("ana took the approval back",),
    )


def test_an_approval_after_the_cancelling_counts() -> None:
    found = judged(review(ANA), cancel(ANA, minute=2), comment(ANA, minute=3), demand=ONE_SRE)
    assert found.verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("known", "blocks"),
    [({}, True), (permission("read"), False), (permission("none"), False), (permission("maintain"), True)],
    ids=["writer", "reader", "outsider", "maintainer"],
)
def test_only_who_may_write_can_hold_it_by_requesting_changes(known: dict[str, Any], blocks: bool) -> None:
    found = judged(review(ANA, ReviewState.CHANGES_REQUESTED), review(BEN), demand=ONE_SRE, **known)
    assert found.verdict.outcome is (Outcome.BLOCK if blocks else Outcome.PASS)


def test_a_deleted_account_cannot_hold_it_by_requesting_changes() -> None:
    ghost = Actor(id=0, login="ghost")
    levels = {ANA.id: "write", ghost.id: "admin"}
    voices = (review(ghost, ReviewState.CHANGES_REQUESTED, id=1), review(ANA))
    found = judged(*voices, demand=ONE_SRE, permissions=Permissions(levels=levels))
    assert found.verdict.outcome is Outcome.PASS


def test_a_bot_cannot_hold_it_by_requesting_changes() -> None:
    found = judged(review(BOT, ReviewState.CHANGES_REQUESTED), review(ANA), demand=ONE_SRE)
    assert found.verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("known", "says"),
    [
        (
            {"membership": Membership(teams={ANA.id: TIMEOUT})},
            "Cannot verify membership of ana in Splattop/SRE: GitHub did not answer in time",
        ),
        (
            {"membership": Membership(teams={ANA.id: frozenset()}, unread={"splattop/sre": TIMEOUT})},
            "Cannot verify membership of ana in Splattop/SRE: GitHub did not answer in time",
        ),
        (
            {"membership": Membership()},
            "Cannot verify membership of ana in Splattop/SRE: the teams were not read",
        ),
        (permission(TIMEOUT), "Cannot verify the permission of ana: GitHub did not answer in time"),
        ({"permissions": Permissions()}, "Cannot verify the permission of ana: the permission was not read"),
        (contributors(requester=TIMEOUT), "Cannot verify who asked for it: GitHub did not answer in time"),
        (contributors(last_pusher=TIMEOUT), "Cannot verify who pushed last: GitHub did not answer in time"),
        (
            contributors(committers=TIMEOUT),
            "Cannot verify who wrote this pull request's commits: GitHub did not answer in time",
        ),
        (
            contributors(source_authors=TIMEOUT),
            "Cannot verify who wrote the promoted commits: GitHub did not answer in time",
        ),
        (
            contributors(unresolved=("Boss",), pushers=TIMEOUT),
            "Cannot verify who pushed the commits of 'Boss': GitHub did not answer in time",
        ),
    ],
)
def test_case_60_what_cannot_be_verified_is_unknown_and_never_passes(
    known: dict[str, Any], says: str
) -> None:
    found = judged(review(ANA), demand=ONE_SRE, **known)
    assert (answer(found), found.unverified) == ((Outcome.UNKNOWN, says), (says[:1].lower() + says[1:],))


def test_case_60_who_is_not_a_member_for_certain_is_no_unknown() -> None:
    membership = Membership(teams={ANA.id: frozenset()})
    found = judged(review(ANA), demand=ONE_SRE, membership=membership)
    assert (found.verdict.outcome, found.unverified) == (Outcome.WAIT, ())


def test_case_60_who_is_out_anyway_is_no_doubt() -> None:
    membership = Membership(teams={ANA.id: TIMEOUT})
    known = {**contributors(requester=ANA), "membership": membership}
    found = judged(review(ANA), demand=ONE_SRE, **known)
    assert (found.verdict.outcome, found.unverified) == (Outcome.WAIT, ())


def test_case_60_a_doubtful_person_does_not_hold_up_what_others_approved() -> None:
    membership = Membership(teams={**TEAMS, ANA.id: TIMEOUT})
    found = judged(review(ANA), review(BEN), demand=ONE_SRE, membership=membership)
    assert answer(found) == (Outcome.PASS, "Approved by ben (sre)")


def test_case_60_a_login_in_the_rules_needs_no_team() -> None:
    demand = replace(DEMAND, approvals=(Approval(role="qa"),))
    membership = Membership(teams={DAN.id: TIMEOUT})
    assert judged(review(DAN), demand=demand, membership=membership).verdict.outcome is Outcome.PASS


def test_case_60_an_objection_that_cannot_be_verified_is_unknown() -> None:
    voices = (review(ANA, ReviewState.CHANGES_REQUESTED), review(BEN))
    assert answer(judged(*voices, demand=ONE_SRE, **permission(TIMEOUT))) == (
        Outcome.UNKNOWN,
        "Cannot verify the permission of ana: GitHub did not answer in time",
    )


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({"reviews": TIMEOUT}, "the reviews cannot be read"),
        ({"comments": TIMEOUT}, "the comments cannot be read"),
        ({"content": TIMEOUT}, "what they were given to cannot be told"),
        ({"demand": replace(DEMAND, owners=TIMEOUT)}, "CODEOWNERS cannot be read"),
    ],
)
def test_facts_that_cannot_be_read_are_unknown(known: dict[str, Any], says: str) -> None:
    assert answer(judged(**known)) == (
        Outcome.UNKNOWN,
        f"Cannot judge the approvals, {says}: GitHub did not answer in time",
    )


def test_a_role_that_the_rules_do_not_define_is_unknown() -> None:
    demand = replace(DEMAND, approvals=(Approval(role="ghosts"),))
    assert answer(judged(review(ANA), demand=demand)) == (
        Outcome.UNKNOWN,
        "Cannot judge the approvals, the roles cannot be told: the rules file does not define the role ghosts",
    )


NOTHING = Demand(environment="staging", approvals=(), roles={})


def test_where_nothing_is_demanded_the_verdict_is_skip() -> None:
    assert answer(judged(demand=NOTHING)) == (Outcome.SKIP, "Nobody's approval is demanded here")


def test_where_nothing_is_demanded_a_request_for_changes_still_blocks() -> None:
    found = judged(review(ANA, ReviewState.CHANGES_REQUESTED), demand=NOTHING)
    assert found.verdict.outcome is Outcome.BLOCK


@pytest.mark.parametrize(
    ("voices", "expected"),
    [
        ([], (Outcome.WAIT, "Waits for: 1 with write permission (ana, ben, cho, dan, eve, fay may)")),
        ([review(EVE)], (Outcome.PASS, "Approved by eve (write permission)")),
    ],
)
def test_row_r4_a_person_approves_where_no_role_is_named(
    voices: list[Any], expected: tuple[Outcome, str]
) -> None:
    assert answer(judged(*voices, demand=replace(NOTHING, anybody=True))) == expected


def test_row_r4_nobody_more_is_asked_where_a_role_is_named() -> None:
    found = judged(review(ANA), demand=replace(ONE_SRE, anybody=True))
    assert answer(found) == (Outcome.PASS, "Approved by ana (sre)")


def test_teams_are_named_when_their_members_are_not_known() -> None:
    assert answer(judged(people=())) == (
        Outcome.WAIT,
        "Waits for: 1 of sre (members of Splattop/SRE may), 1 of qa (members of splattop/qa, Dan may)",
    )
