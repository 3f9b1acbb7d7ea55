"""What was said and what was approved comes back from the database as it was (row B1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.adapters.store import Store
from bot.model.approval_facts import ApprovalRecord, ApproveComment, Cancellation, ContentIdentity, Via
from bot.model.facts import Actor

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANA = Actor(id=11, login="ana")
WORD = ApproveComment(comment_id=7, author=ANA, head_sha="c" * 40, created_at=AT)
RECORD = ApprovalRecord(
    person_id=11,
    person_login="ana",
    repository_id=501,
    pull=12,
    head_sha="c" * 40,
    identity=ContentIdentity(
        base_ref="main",
        digests=(("api", "sha256:" + "a" * 64),),
        files=(("helm/värden.yaml", "100644:" + "b" * 64),),
        gates=(("tests", "passed"),),
    ),
    given_at=AT,
    via=Via.REVIEW,
    source_id=5,
)


def test_words_come_back_in_the_order_in_which_they_were_said(store: Store) -> None:
    taken_back = Cancellation(comment_id=8, author=ANA, created_at=AT + timedelta(minutes=1))
    assert store.approvals.said(501, 12, taken_back)
    assert store.approvals.said(501, 12, WORD)
    assert store.approvals.comments(501, 12) == (WORD, taken_back)


def test_a_comment_is_kept_once_as_it_was_first_read(store: Store) -> None:
    store.approvals.said(501, 12, WORD)
    assert not store.approvals.said(501, 12, replace(WORD, head_sha="d" * 40))
    assert store.approvals.comments(501, 12) == (WORD,)


def test_a_record_never_changes(store: Store) -> None:
    store.approvals.keep([RECORD])
    store.approvals.keep([replace(RECORD, identity=replace(RECORD.identity, base_ref="other"))])
    assert store.approvals.records(501, 12) == (RECORD,)


def test_another_pull_request_has_its_own(store: Store) -> None:
    store.approvals.said(501, 12, WORD)
    store.approvals.keep([RECORD])
    assert (store.approvals.comments(501, 13), store.approvals.records(502, 12)) == ((), ())
