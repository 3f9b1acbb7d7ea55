"""The ledger: append-only, chained, and telling which row was altered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.adapters.store import Altered, Head, Store, Verified
from bot.errors import Retryable
from bot.model.ledger import LedgerEntry
from tests.adapters.store.owner import owner_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def an_entry(event: str = "release_accepted", **more: object) -> LedgerEntry:
    values: dict[str, object] = {"at": NOW, "event": event, "decision": "done", **more}
    return LedgerEntry(**values)  # type: ignore[arg-type]


def written(store: Store, count: int) -> None:
    for number in range(count):
        store.ledger.write(
            an_entry(f"event_{number}", details={"n": number, "nested": {"b": 1.50, "a": [1, None]}})
        )


def tamper(store: Store, statement: str) -> None:
    """As a superuser who switches the triggers off."""
    with owner_of(store) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(statement.encode())


def test_rows_are_numbered_from_one_and_read_back_as_written(store: Store) -> None:
    entry = an_entry(
        reason="why", actor_id=7, actor_login="ana", delivery_id="d1", subject="pull:1:2:3", installation_id=1,
        repository_id=2, pull_number=3, head_sha="f" * 40, details={"release": "app@1.1"},
    )  # fmt: skip
    assert [store.ledger.write(entry), store.ledger.write(entry)] == [1, 2]
    assert store.ledger.rows()[0].entry == entry


def test_each_row_carries_the_hash_of_the_one_before(store: Store) -> None:
    written(store, 3)
    rows = store.ledger.rows()
    assert [row.previous_hash for row in rows] == [bytes(32), rows[0].hash, rows[1].hash]


def test_an_untouched_ledger_is_whole_and_tells_its_head(store: Store) -> None:
    written(store, 5)
    assert store.ledger.verify() == Verified(head=store.ledger.head())


def test_an_empty_ledger_is_whole(store: Store) -> None:
    assert store.ledger.verify() == Verified(head=Head(seq=0, hash=bytes(32)))


@pytest.mark.parametrize(
    ("statement", "seq", "why"),
    [
        ("update ledger set reason = 'better' where seq = 3", 3, "its content is not what was written"),
        ("update ledger set at = at + interval '1 microsecond' where seq = 3", 3, "its content is not"),
        ("update ledger set details = '{}' where seq = 1", 1, "its content is not"),
        ("update ledger set actor_id = 8 where seq = 5", 5, "its content is not"),
        ("delete from ledger where seq = 3", 4, "row 3 before it is missing"),
        ("delete from ledger where seq in (1, 2)", 3, "rows 1 to 2 before it are missing"),
        (
            "update ledger set seq = -seq where seq > 3; update ledger set seq = 9 + seq where seq < 0",
            4,
            "does not follow",
        ),
        (
            "update ledger set reason = 'x' where seq = 2;"
            " update ledger l set hash = lockstep_ledger_hash(l) where seq = 2",
            3,
            "does not follow",
        ),
    ],
)
def test_case_98_verification_names_the_altered_row(store: Store, statement: str, seq: int, why: str) -> None:
    written(store, 5)
    tamper(store, statement)
    result = store.ledger.verify()
    assert isinstance(result, Altered)
    assert (result.seq, why in result.why) == (seq, True), result


def test_a_tail_that_was_cut_off_is_told_by_an_anchor_only(store: Store) -> None:
    written(store, 5)
    anchor = store.ledger.head()
    tamper(store, "delete from ledger where seq > 3")
    assert isinstance(store.ledger.verify(), Verified)
    assert isinstance(store.ledger.verify(anchor), Altered)


def test_a_chain_that_was_written_anew_is_told_by_an_anchor(store: Store) -> None:
    written(store, 2)
    anchor = store.ledger.head()
    tamper(store, "delete from ledger")
    store.ledger.write(an_entry("forged"))
    store.ledger.write(an_entry("forged"))
    assert store.ledger.verify(anchor) == Altered(
        seq=2, why="the chain up to it was written anew: its hash is not the anchor's"
    )


@pytest.mark.parametrize(
    "statement", ["update ledger set reason = 'x'", "delete from ledger", "truncate ledger"]
)
def test_case_98_the_application_may_not_change_the_ledger(store: Store, statement: str) -> None:
    written(store, 1)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        store.database.run(statement)


@pytest.mark.parametrize(
    "statement", ["update ledger set reason = 'x'", "delete from ledger", "truncate ledger"]
)
def test_case_98_even_the_owner_runs_into_the_trigger(store: Store, statement: str) -> None:
    written(store, 1)
    with (
        owner_of(store) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        connection.execute(statement.encode())


def test_nobody_can_choose_a_number_or_a_hash(store: Store) -> None:
    written(store, 1)
    store.database.run(
        "insert into ledger (seq, at, event, decision, reason, previous_hash, hash)"
        " values (99, now(), 'forged', 'done', '', 'x', 'x'), (100, now(), 'forged', 'done', '', 'x', 'x')"
    )
    assert store.ledger.verify() == Verified(head=store.ledger.head())
    assert store.ledger.head().seq == 3


def test_a_write_that_was_rolled_back_leaves_no_gap(store: Store) -> None:
    written(store, 1)
    with owner_of(store) as connection, connection.transaction(force_rollback=True):
        connection.execute("insert into ledger (at, event, decision, reason) values (now(), 'e', 'd', '')")
    written(store, 1)
    assert store.ledger.verify() == Verified(head=store.ledger.head())


def test_writers_at_the_same_time_make_one_chain(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        numbers = list(threads.map(lambda n: store.ledger.write(an_entry(f"event_{n}")), range(60)))
    assert sorted(numbers) == list(range(1, 61))
    assert isinstance(store.ledger.verify(), Verified)


def test_case_98_control_characters_are_escaped_and_the_reason_is_capped(store: Store) -> None:
    store.ledger.write(
        an_entry(
            reason="a\r\nb\x1b[31m\u202e\0 é 日本 \ud800" + "x" * 10_000,
            actor_login="a\nb",
            details={"k\0": "v\n\0", "list": ["\x07"], "nan": float("nan")},
        )
    )
    entry = store.ledger.rows()[0].entry
    assert entry.reason.startswith("a\\r\\nb\\x1b[31m\\u202e é 日本 \\ud800xxx")
    assert len(entry.reason) == 2_000
    assert entry.reason.endswith("… (cut)")
    assert entry.actor_login == "a\\nb"
    assert entry.details == {"k": "v\\n", "list": ["\\x07"], "nan": "nan"}


def test_rows_can_be_asked_for_by_time_event_subject_and_number(store: Store) -> None:
    for number, subject in enumerate(["pull:1:2:3", "pull:1:2:4", "pull:1:2:3"]):
        store.ledger.write(an_entry(f"event_{number}", subject=subject, at=NOW + timedelta(hours=number)))
    assert [row.seq for row in store.ledger.rows(subject="pull:1:2:3")] == [1, 3]
    assert [row.seq for row in store.ledger.rows(event="event_1")] == [2]
    assert [row.seq for row in store.ledger.rows(since=NOW + timedelta(hours=1))] == [2, 3]
    assert [row.seq for row in store.ledger.rows(after=2)] == [3]
    assert [row.seq for row in store.ledger.rows(limit=2)] == [2, 3]


def test_case_97_an_entry_that_cannot_be_kept_raises(store: Store) -> None:
    with owner_of(store) as connection, connection.transaction():
        connection.execute("lock table ledger in access exclusive mode")
        with pytest.raises(Retryable):
            store.ledger.write(an_entry())
    assert store.ledger.head().seq == 0


def test_an_act_that_happens_once_has_one_row_however_often_it_is_written(store: Store) -> None:
    assert store.ledger.write(an_entry(once="release_accepted 7")) == 1
    assert store.ledger.write(an_entry(once="release_accepted 7", reason="by the next worker")) == 0
    assert store.ledger.write(an_entry(once="release_accepted 8")) == 2
    assert [row.seq for row in store.ledger.rows()] == [1, 2]
    assert isinstance(store.ledger.verify(), Verified)


def test_a_row_and_its_record_are_kept_together_or_not_at_all(store: Store) -> None:
    def dies() -> None:
        with store.together():
            store.ledger.write(an_entry("hold", once="hold 1"))
            store.marks.put("held", True)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        dies()
    assert (store.ledger.rows(), store.marks.get("held")) == ((), None)
    with store.together():
        assert store.ledger.write(an_entry("hold", once="hold 1")) > 0
        store.marks.put("held", True)
    assert [row.entry.event for row in store.ledger.rows()] == ["hold"]
    assert store.marks.get("held") is True


def test_an_attempt_waits_for_the_row_of_its_end(store: Store) -> None:
    attempt = store.ledger.attempt(an_entry("merge_pull", decision="attempt", subject="pull:1:2:3"))
    assert [row.seq for row in store.ledger.unanswered("pull:1:2:3")] == [attempt]
    assert store.ledger.unanswered("pull:1:2:4") == ()
    store.ledger.ended(attempt, an_entry("merge_pull", subject="pull:1:2:3"))
    assert store.ledger.unanswered("pull:1:2:3") == ()
    assert [row.entry.decision for row in store.ledger.rows()] == ["attempt", "done"]
