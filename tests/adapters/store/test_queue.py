"""The queue: one waiting job per subject, the earlier time wins, and no delivery slips between two looks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.queue import drain
from bot.adapters.store import Store
from bot.adapters.store.queue import Queue
from tests.adapters.store.owner import owner_of
from tests.adapters.store.test_inbox import NOW, a_delivery

S = "pull:1:2:3"


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def test_waking_twice_leaves_one_waiting_job(store: Store) -> None:
    store.queue.wake(S)
    store.queue.wake(S)
    assert store.queue.depth().due == 1


def test_a_planned_job_waits_for_its_time(store: Store) -> None:
    at = soon()
    store.queue.wake(S, at)
    assert store.queue.planned(S) == at
    assert drain(store, lambda _: None) == 0


@pytest.mark.parametrize("minutes", [-15, 15])
def test_a_planned_job_waits_as_long_as_was_meant_though_the_clocks_differ(
    store: Store, minutes: float
) -> None:
    ours = datetime.now(UTC) + timedelta(minutes=minutes)
    queue = Queue(store.database, clock=lambda: ours)
    queue.wake(S, ours + timedelta(seconds=30))
    planned = queue.planned(S)
    assert planned is not None
    assert timedelta(seconds=20) < planned - datetime.now(UTC) <= timedelta(seconds=30)
    assert drain(store, lambda _: None) == 0


def test_an_earlier_wake_pulls_the_planned_job_forward(store: Store) -> None:
    store.queue.wake(S, soon() + timedelta(hours=5))
    at = soon()
    store.queue.wake(S, at)
    assert store.queue.planned(S) == at
    store.queue.wake(S)
    assert store.queue.depth().due == 1


def test_a_later_wake_does_not_push_the_waiting_job_back(store: Store) -> None:
    store.queue.wake(S)
    store.queue.wake(S, soon())
    assert store.queue.depth().due == 1


def test_a_delivery_pulls_a_planned_job_forward(store: Store) -> None:
    store.queue.wake(S, soon())
    store.inbox.receive(a_delivery(subject=S), b"{}", NOW)
    assert store.queue.depth().due == 1


def test_a_planned_job_does_not_hold_others_up(store: Store) -> None:
    store.queue.wake("pull:1:2:1", soon())
    store.queue.wake(S)
    seen: list[str] = []
    assert drain(store, seen.append) == 1
    assert seen == [S]


def test_a_subject_that_is_woken_during_its_look_is_looked_at_once_more(store: Store) -> None:
    looks: list[str] = []

    def handle(subject: str) -> None:
        looks.append(subject)
        if len(looks) == 1:
            store.queue.wake(subject)
            store.queue.wake(subject)

    store.queue.wake(S)
    assert drain(store, handle) == 2


def test_draining_with_a_later_time_does_what_is_planned_until_then(store: Store) -> None:
    store.queue.wake(S, soon())
    assert drain(store, lambda _: None, now=soon() + timedelta(minutes=1)) == 1


def test_finished_jobs_leave_nothing_behind(store: Store) -> None:
    store.queue.wake(S)
    drain(store, lambda _: None)
    row = store.database.row(
        "select (select count(*) from procrastinate_jobs) + (select count(*) from procrastinate_events)"
        " + (select count(*) from procrastinate_workers) as left_over"
    )
    assert row == {"left_over": 0}


def test_an_error_of_the_handler_is_raised_by_drain(store: Store) -> None:
    store.queue.wake(S)
    with pytest.raises(ZeroDivisionError):
        drain(store, lambda _: 1 / 0)


def test_a_look_that_starts_while_a_delivery_is_being_stored_waits_for_it(store: Store) -> None:
    """The race: the delivery found a waiting job and relies on it, a worker starts that job, and only then the
    delivery is committed. The worker's look must see it."""
    store.queue.wake(S)
    seen: list[str] = []
    with owner_of(store) as receiving, ThreadPoolExecutor(1) as worker:
        with receiving.transaction():
            receiving.execute(
                "select lockstep_receive('d9', 'push', null, %s, 1, 'octo', 2, '\\x7b7d', now())", (S,)
            )
            look = worker.submit(
                drain, store, lambda subject: seen.extend(each.id for each in store.inbox.pending(subject))
            )
            waits_for_lock(store)
        assert look.result(timeout=5) == 1
    assert seen == ["d9"]


def waits_for_lock(store: Store) -> None:
    """Returns when some connection waits for an advisory lock. Raises AssertionError when none does."""
    for _ in range(200):
        if store.database.row("select 1 as yes from pg_locks where locktype = 'advisory' and not granted"):
            return
        threading.Event().wait(0.01)
    raise AssertionError("nobody waits")


def test_deliveries_and_looks_at_the_same_time_lose_nothing(store: Store) -> None:
    done: list[str] = []
    receiving = threading.Event()

    def handle(subject: str) -> None:
        found = [each.id for each in store.inbox.pending(subject)]
        done.extend(found)
        store.inbox.complete(found, "done", NOW)

    def look() -> None:
        while not receiving.is_set():
            drain(store, handle)

    with ThreadPoolExecutor(5) as threads:
        looking = threads.submit(look)
        list(
            threads.map(
                lambda n: store.inbox.receive(a_delivery(f"d{n}", f"s{n % 3}"), b"{}", NOW), range(300)
            )
        )
        receiving.set()
        looking.result()
    drain(store, handle)
    assert sorted(done) == sorted(f"d{n}" for n in range(300))
    assert store.queue.depth().due == 0


def stalled_job(store: Store, subject: str) -> None:
    """A job that a worker, silent for a minute, had started."""
    store.queue.wake(subject)
    with owner_of(store) as connection:
        connection.execute(
            "with w as (insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 minute')"
            " returning id) update procrastinate_jobs set status = 'doing', worker_id = w.id from w where lock = %s",
            (subject,),
        )


def test_case_100_the_job_of_a_silent_worker_is_taken_up_and_counted(store: Store) -> None:
    stalled_job(store, S)
    assert store.queue.reclaim(8.0) == (S,)
    assert store.subjects.attempts(S) == 1
    assert drain(store, lambda _: None) == 1


def test_case_100_a_silent_workers_job_with_a_waiting_twin_gives_way_to_it(store: Store) -> None:
    stalled_job(store, S)
    store.queue.wake(S, soon())
    assert store.queue.reclaim(8.0) == (S,)
    assert store.queue.depth().running == 0
    assert drain(store, lambda _: None) == 1


def test_jobs_of_living_workers_are_left_alone(store: Store) -> None:
    stalled_job(store, S)
    assert store.queue.reclaim(3600.0) == ()


def test_no_history_of_jobs_is_kept_beside_the_ledger(store: Store) -> None:
    store.queue.wake("s")
    drain(store, lambda subject: None)
    assert store.database.rows("select 1 as event from procrastinate_events") == []
