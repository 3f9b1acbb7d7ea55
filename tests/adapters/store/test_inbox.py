"""The inbox: stored once, worked on until completed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.store import Store
from bot.errors import Retryable
from bot.model.delivery import Delivery, Received
from tests.adapters.store.owner import owner_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_delivery(id: str = "d1", subject: str = "pull:1:2:3", **more: object) -> Delivery:
    values: dict[str, object] = {
        "id": id,
        "event": "pull_request",
        "action": "opened",
        "subject": subject,
        "installation_id": 1,
        "account": "octo-org",
        "repository_id": 2,
        "received_at": NOW,
    }
    return Delivery(**{**values, **more})  # type: ignore[arg-type]


def test_a_delivery_is_stored_byte_for_byte_and_wakes_its_subject(store: Store) -> None:
    body = b'{"a": "\xff\x00 not even UTF-8"}'
    assert store.inbox.receive(a_delivery(), body, NOW) is Received.STORED
    (pending,) = store.inbox.pending("pull:1:2:3")
    assert (pending.payload, pending.received_at, pending.id) == (body, NOW, "d1")
    assert store.queue.depth().due == 1


def test_case_9_a_completed_delivery_that_comes_again_does_nothing(store: Store) -> None:
    store.inbox.receive(a_delivery(), b"{}", NOW)
    store.inbox.complete(["d1"], "done", NOW)
    with owner_of(store) as connection:
        connection.execute("delete from procrastinate_jobs")
    assert store.inbox.receive(a_delivery(), b"{}", NOW) is Received.COMPLETED_BEFORE
    assert store.queue.depth().due == 0
    assert store.inbox.pending("pull:1:2:3") == ()


def test_case_10_a_delivery_that_was_never_completed_is_worked_on_again(store: Store) -> None:
    store.inbox.receive(a_delivery(), b"{}", NOW)
    with owner_of(store) as connection:
        connection.execute("delete from procrastinate_jobs")
    assert store.inbox.receive(a_delivery(), b"{}", NOW) is Received.STORED_AGAIN
    assert store.queue.depth().due == 1
    assert len(store.inbox.pending("pull:1:2:3")) == 1


@pytest.mark.parametrize("table", ["deliveries", "procrastinate_jobs"])
def test_case_14_a_locked_database_is_told_within_five_seconds_and_keeps_nothing(
    store: Store, table: str
) -> None:
    began = datetime.now(UTC)
    with owner_of(store) as connection, connection.transaction():
        connection.execute(f"lock table {table} in access exclusive mode".encode())
        with pytest.raises(Retryable, match="statement timeout"):
            store.inbox.receive(a_delivery(), b"{}", NOW)
    assert datetime.now(UTC) - began < timedelta(seconds=5)
    assert store.inbox.find("d1") is None


def test_case_99_nul_in_the_body_and_in_the_action_is_stored(store: Store) -> None:
    body = b'{"comment": {"body": "\\u0000"}}'
    store.inbox.receive(a_delivery(action="op\0en\ud800"), body, NOW)
    (pending,) = store.inbox.pending("pull:1:2:3")
    assert (pending.action, pending.payload) == ("open\\ud800", body)


def test_pending_deliveries_come_oldest_first(store: Store) -> None:
    for number in (2, 1, 3):
        store.inbox.receive(a_delivery(f"d{number}"), b"{}", NOW + timedelta(seconds=number))
    assert [each.id for each in store.inbox.pending("pull:1:2:3")] == ["d1", "d2", "d3"]


def test_a_delivery_without_a_job_is_forgotten_unless_its_subject_is_parked(store: Store) -> None:
    for subject in ("pull:1:2:3", "pull:1:2:4", "pull:1:2:5"):
        store.inbox.receive(a_delivery(subject, subject), b"{}", NOW)
    with owner_of(store) as connection:
        connection.execute("delete from procrastinate_jobs where lock <> 'pull:1:2:5'")
    store.subjects.park("pull:1:2:4", "poison", NOW)
    assert store.inbox.forgotten(NOW + timedelta(minutes=1)) == ("pull:1:2:3",)


def test_a_replayed_delivery_is_pending_again_and_its_parked_subject_is_woken(store: Store) -> None:
    store.inbox.receive(a_delivery(), b"{}", NOW)
    store.inbox.complete(["d1"], "parked", NOW)
    store.subjects.park("pull:1:2:3", "poison", NOW)
    assert store.inbox.reopen("d1") == "pull:1:2:3"
    assert [each.id for each in store.inbox.pending("pull:1:2:3")] == ["d1"]
    assert not store.subjects.is_parked("pull:1:2:3")


def test_replaying_an_unknown_delivery_says_so(store: Store) -> None:
    assert store.inbox.reopen("nobody") is None


def test_completed_deliveries_are_pruned_and_pending_ones_kept(store: Store) -> None:
    store.inbox.receive(a_delivery("old"), b"{}", NOW)
    store.inbox.receive(a_delivery("open"), b"{}", NOW)
    store.inbox.complete(["old"], "done", NOW)
    assert store.inbox.prune(NOW + timedelta(days=1)) == 1
    assert store.inbox.known(["old", "open"]) == {"open"}
