"""Approvals hold for content: a rebase keeps them, everything else voids them (row B1; cases 48, 56, 58, 64)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.decide.approvals import Evaluation
from bot.model.approval_facts import ApprovalRecord, ContentIdentity, Via
from bot.model.facts import Actor, Unknown
from bot.model.policy_gates import Approval
from bot.model.verdict import Outcome
from tests.decide.approvals.people import (
    ANA,
    AT,
    BEN,
    CONTENT,
    DEMAND,
    EVE,
    HEAD,
    OTHER,
    answer,
    at,
    cancel,
    comment,
    judged,
    review,
)

ONE_SRE = replace(DEMAND, approvals=(Approval(role="sre"),))
OLD = "c" * 40
PASSED, WAITS = Outcome.PASS, Outcome.WAIT


def record(
    content: ContentIdentity = CONTENT, *, id: int = 71, via: Via = Via.REVIEW, **known: Any
) -> ApprovalRecord:
    """What the store kept of ana's yes to an earlier head."""
    fields: dict[str, Any] = {
        "person_id": ANA.id,
        "person_login": "ana",
        "repository_id": AT.repository_id,
        "pull": AT.pull,
        "head_sha": OLD,
        "identity": content,
        "given_at": at(1),
        "via": via,
        "source_id": id,
    }
    return ApprovalRecord(**{**fields, **known})


def approved_before(now: ContentIdentity, then: ContentIdentity = CONTENT) -> Evaluation:
    """Ana approved `then` at an earlier head, and the pull request brings `now`."""
    return judged(review(ANA, id=71, head=OLD), demand=ONE_SRE, content=now, records=(record(then),))


def test_a_first_yes_to_this_head_is_put_on_record_with_the_content() -> None:
    assert judged(review(ANA, id=71), demand=ONE_SRE).fresh == (record(head_sha=HEAD),)


def test_a_yes_on_record_is_not_recorded_again() -> None:
    assert approved_before(CONTENT).fresh == ()


def test_a_rebase_that_changes_nothing_keeps_the_approval() -> None:
    assert answer(approved_before(CONTENT)) == (PASSED, "Approved by ana (sre)")


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (replace(CONTENT, digests=(("api", "sha256:" + "9" * 64),)), "the digest of api changed"),
        (replace(CONTENT, digests=()), "api is no longer part of it"),
        (replace(CONTENT, digests=(*CONTENT.digests, ("web", "sha256:1"))), "web was added"),
        (
            replace(CONTENT, files=(("helm/values-canary.yaml", "100644:9"),)),
            "helm/values-canary.yaml changed",
        ),
        (replace(CONTENT, files=(*CONTENT.files, ("x", "deleted"))), "x was added"),
        (replace(CONTENT, base_ref="release"), "it goes to release now, not to main"),
        (replace(CONTENT, gates=(("slo", "failed"), ("tests", "passed"))), "slo fails now"),
        (replace(CONTENT, gates=(("slo", "skipped"), ("tests", "passed"))), "slo is skipped now"),
        (
            replace(CONTENT, gates=(("slo", "overridden"), ("tests", "passed"))),
            "slo was set aside by an override since",
        ),
        (replace(CONTENT, gates=(("tests", "passed"),)), "slo is no longer asked"),
        (replace(CONTENT, gates=(("canary", "passed"), *CONTENT.gates)), "canary was not asked then"),
    ],
    ids=[
        "another digest",
        "a component less",
        "a component more",
        "other bytes",
        "another file",
        "case 48 retargeted",
        "a gate fails",
        "a gate skipped",
        "a gate overridden",
        "a gate less",
        "a gate more",
    ],
)
def test_any_change_voids_the_approval_and_says_whose_and_why(now: ContentIdentity, why: str) -> None:
    found = approved_before(now)
    assert (found.verdict.outcome, [each.why for each in found.voided], found.verdict.reasons) == (
        WAITS,
        [f"ana's approval of ccccccc is void: {why}. Approve again."],
        (f"ana's approval of ccccccc is void: {why}. Approve again.",),
    )


def test_a_long_list_of_changes_is_cut_with_a_count() -> None:
    now = replace(CONTENT, base_ref="release", digests=(), files=(), gates=())
    assert (
        approved_before(now)
        .voided[0]
        .why.endswith(
            "is void: it goes to release now, not to main; api is no longer part of it; "
            "helm/values-canary.yaml is no longer part of it; and 2 more. Approve again."
        )
    )


def test_an_approval_given_while_a_gate_was_open_is_void_at_once() -> None:
    pending = replace(CONTENT, gates=(("slo", "open"), ("tests", "passed")))
    found = judged(review(ANA), demand=ONE_SRE, content=pending)
    assert (found.verdict.outcome, found.voided[0].why) == (
        WAITS,
        "ana's approval of aaaaaaa is void: slo had no answer yet. Approve again.",
    )


def test_an_approval_given_while_a_gate_was_open_stays_void_when_it_has_answered() -> None:
    pending = replace(CONTENT, gates=(("slo", "open"), ("tests", "passed")))
    first = judged(review(ANA), demand=ONE_SRE, content=pending)
    later = judged(review(ANA), demand=ONE_SRE, content=CONTENT, records=first.fresh)
    assert (len(first.fresh), later.verdict.outcome) == (1, WAITS)


def test_a_gate_that_is_unread_for_a_moment_voids_nothing() -> None:
    moment = replace(CONTENT, gates=(("slo", "open"), ("tests", "passed")))
    assert (approved_before(moment).voided, approved_before(CONTENT).verdict.outcome) == ((), PASSED)


def test_a_new_yes_after_a_void_one_counts() -> None:
    changed = replace(CONTENT, digests=())
    voices = (review(ANA, id=71, head=OLD), review(ANA, id=72, minute=9))
    found = judged(*voices, demand=ONE_SRE, content=changed, records=(record(),))
    assert (answer(found), found.voided) == ((PASSED, "Approved by ana (sre)"), ())


def test_an_approval_of_a_red_gate_is_no_approval_of_a_green_one() -> None:
    red = replace(CONTENT, gates=(("slo", "failed"), ("tests", "passed")))
    assert approved_before(CONTENT, red).voided[0].why.endswith("is void: slo passes now. Approve again.")


def test_of_several_void_approvals_the_last_is_told() -> None:
    voices = (review(ANA, id=71, head=OTHER), review(ANA, id=72, minute=2, head=OLD))
    assert [each.source_id for each in judged(*voices, demand=ONE_SRE).voided] == [72]


def test_a_stale_comment_does_not_take_a_good_review_away() -> None:
    found = judged(review(ANA), comment(ANA, minute=2, head=OTHER), demand=ONE_SRE)
    assert (found.verdict.outcome, found.voided) == (PASSED, ())


@pytest.mark.parametrize(
    ("voice", "known", "why"),
    [
        (comment(ANA, head=OTHER), {}, "it was given to bbbbbbb"),
        (review(ANA, head=OTHER), {}, "it was given to bbbbbbb"),
        (review(ANA, head=None), {}, "nobody can tell which head it was given to"),
        (
            comment(ANA, head=Unknown(why="no timeline")),
            {},
            "nobody can tell which head it was given to",
        ),
        (comment(ANA), {"changed_at": at(1.02)}, "it was given before the last push or change of the base"),
        (comment(ANA), {"changed_at": at(1)}, "it was given before the last push or change of the base"),
        (review(ANA), {"changed_at": at(1.02)}, "it was given before the last push or change of the base"),
    ],
    ids=[
        "comment",
        "review",
        "commit is gone",
        "head unknown",
        "push one second later",
        "push in the same second",
        "case 48 retargeted one second later",
    ],
)
def test_case_56_a_yes_from_before_the_push_is_not_applied(
    voice: Any, known: dict[str, Any], why: str
) -> None:
    found = judged(voice, demand=ONE_SRE, **known)
    assert (found.verdict.outcome, found.fresh, [each.why for each in found.voided]) == (
        WAITS,
        (),
        [f"ana's approval does not hold: head moved, re-approve ({why})"],
    )


@pytest.mark.parametrize(
    ("voice", "minute"),
    [(review(ANA), 1), (review(ANA), 0), (comment(ANA), 0.9)],
    ids=["same second", "review", "comment"],
)
def test_a_yes_given_after_the_push_counts(voice: Any, minute: float) -> None:
    assert judged(voice, demand=ONE_SRE, changed_at=at(minute)).verdict.outcome is PASSED


def test_of_several_yeses_that_hold_the_last_is_the_evidence() -> None:
    found = judged(review(ANA, id=71), review(ANA, id=72, minute=2), demand=ONE_SRE)
    assert [each.source for each in found.verdict.evidence] == ["review 72"]


@pytest.mark.parametrize(
    "foreign",
    [{"pull": 8}, {"repository_id": 502}, {"person_id": BEN.id}, {"source_id": 72}, {"via": Via.COMMENT}],
    ids=["another pull request", "another repository", "another person", "another review", "a comment"],
)
def test_case_58_a_record_of_something_else_gives_nothing(foreign: dict[str, Any]) -> None:
    found = judged(review(ANA, id=71, head=OLD), demand=ONE_SRE, records=(record(**foreign),))
    assert found.verdict.outcome is WAITS


def test_a_record_whose_review_is_gone_gives_nothing() -> None:
    assert judged(demand=ONE_SRE, records=(record(),)).verdict.outcome is WAITS


def test_who_does_not_count_is_not_asked_to_approve_again() -> None:
    found = judged(review(EVE, head=OTHER), demand=ONE_SRE)
    assert (found.voided, [each.why for each in found.excluded]) == ((), ["eve is not in the role sre."])


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ({"deleted": True}, "ana's `/approve` was deleted, which takes it back"),
        ({"edited_by": ANA}, "ana edited the `/approve`, which takes it back"),
        (
            {"edited_by": Unknown(why="the editor is gone")},
            "ana's `/approve` was edited, nobody knows by whom (the editor is gone), and does not count",
        ),
    ],
)
def test_case_64_an_edited_or_deleted_approval_is_withdrawn(known: dict[str, Any], says: str) -> None:
    found = judged(comment(ANA, **known), demand=ONE_SRE)
    assert (found.verdict.outcome, found.verdict.reasons) == (WAITS, (says,))


def test_case_64_an_approval_edited_by_another_is_an_alarm() -> None:
    found = judged(comment(ANA, edited_by=EVE), review(BEN), demand=ONE_SRE)
    assert (answer(found), found.tampered) == (
        (Outcome.BLOCK, "eve edited ana's `/approve`: ana gives it again, or cancels it"),
        ((ANA, EVE),),
    )


@pytest.mark.parametrize("later", [review(ANA, minute=5), cancel(ANA, minute=5)], ids=["again", "cancelled"])
def test_case_64_the_alarm_ends_when_its_author_speaks_again(later: Any) -> None:
    found = judged(comment(ANA, edited_by=EVE), later, review(BEN), demand=ONE_SRE)
    assert found.verdict.outcome is PASSED


def test_case_98_an_editor_is_known_by_the_account_not_by_the_name() -> None:
    found = judged(comment(ANA, edited_by=Actor(id=99, login="ana")), demand=ONE_SRE)
    assert found.verdict.outcome is Outcome.BLOCK


def test_case_64_an_edited_comment_of_somebody_who_does_not_count_is_only_noted() -> None:
    found = judged(comment(EVE, edited_by=BEN), review(ANA), demand=ONE_SRE)
    assert (found.verdict.outcome, found.verdict.reasons) == (
        PASSED,
        ("eve's `/approve` was edited by ben and does not count",),
    )
