"""Workers: no overlap, nothing lost, whoever is killed. Real processes where the case is about processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.queue import Pace, Worker
from bot.adapters.store import Store
from tests.adapters.store.owner import owner_of
from tests.adapters.store.test_inbox import NOW, a_delivery

PROGRAM = Path(__file__).with_name("worker_process.py")


class Looks:
    """A handler that takes note of overlaps."""

    def __init__(self, store: Store, seconds: float = 0.0) -> None:
        self.store = store
        self.seconds = seconds
        self.count: dict[str, int] = defaultdict(int)
        self.overlaps = 0
        self.done: set[str] = set()
        self._running: set[str] = set()
        self._guard = threading.Lock()

    def __call__(self, subject: str) -> None:
        with self._guard:
            self.overlaps += subject in self._running
            self._running.add(subject)
            self.count[subject] += 1
        found = [each.id for each in self.store.inbox.pending(subject)]
        if self.seconds:
            threading.Event().wait(self.seconds)
        self.store.inbox.complete(found, "done", NOW)
        with self._guard:
            self.done.update(found)
            self._running.discard(subject)


def until(truth: Callable[[], object], seconds: float = 10.0) -> None:
    """Waits for something that other threads or processes bring about. Raises AssertionError when they do not."""
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it did not happen"
        threading.Event().wait(0.01)


def listens(store: Store) -> bool:
    """Whether a worker has asked to be notified."""
    with owner_of(store) as connection:
        asked = "select 1 from pg_stat_activity where datname = current_database() and query ilike 'listen %'"
        return connection.execute(asked).fetchone() is not None


@pytest.fixture
def store(patient_store: Store) -> Store:
    """An empty store that waits for a busy machine."""
    return patient_store


@pytest.fixture
def start(store: Store) -> Iterator[Callable[..., Worker]]:
    """Starts workers in threads; all are stopped at the end."""
    running: list[tuple[Worker, threading.Thread]] = []

    def started(handle: Callable[[str], object], **more: object) -> Worker:
        worker = Worker(store, handle, **more)  # type: ignore[arg-type]
        thread = threading.Thread(target=worker.run)
        thread.start()
        running.append((worker, thread))
        return worker

    yield started
    for worker, thread in running:
        worker.stop()
        thread.join(timeout=20)
        assert not thread.is_alive()


def test_a_thousand_wakes_on_ten_subjects_never_overlap_and_lose_nothing(
    store: Store, start: Callable[..., Worker]
) -> None:
    looks = Looks(store, seconds=0.002)
    for _ in range(2):
        start(looks, concurrency=8)
    most_waiting = 0

    def receive(number: int) -> None:
        store.inbox.receive(a_delivery(f"d{number}", f"s{number % 10}"), b"{}", NOW)

    with ThreadPoolExecutor(6) as threads:
        for _ in threads.map(receive, range(1000)):
            pass
        row = store.database.row(
            "select coalesce(max(n), 0) as most from (select count(*) n from procrastinate_jobs where status = 'todo'"
            " group by lock) x"
        )
        most_waiting = max(most_waiting, row["most"] if row else 0)
    until(lambda: len(looks.done) == 1000)
    assert looks.overlaps == 0
    assert most_waiting <= 1
    assert sum(looks.count.values()) < 1000


def test_the_next_job_of_a_subject_starts_as_soon_as_the_one_before_ends(
    store: Store, start: Callable[..., Worker]
) -> None:
    """Procrastinate alone would let it wait for the poll, here a minute away.

    The first one ends when the worker has long asked for more and got nothing: a notification that comes while it asks
    is the rare one that the poll is for.
    """
    looks: list[str] = []
    first, second = threading.Event(), threading.Event()

    def handle(subject: str) -> None:
        looks.append(subject)
        if len(looks) == 1:
            store.queue.wake(subject)
            first.wait(20)
        else:
            second.set()

    store.queue.wake("s")
    start(handle, pace=Pace(poll=60.0))
    until(lambda: looks and store.queue.depth().due and listens(store))
    threading.Event().wait(1)
    first.set()
    assert second.wait(20)


def test_a_planned_job_starts_at_its_time(store: Store, start: Callable[..., Worker]) -> None:
    starts: list[datetime] = []
    start(lambda _: starts.append(datetime.now(UTC)))
    at = datetime.now(UTC) + timedelta(seconds=1)
    store.queue.wake("s", at)
    until(lambda: starts)
    assert timedelta(0) <= starts[0] - at < timedelta(seconds=8)


def test_case_99_a_handler_that_raises_does_not_stop_others_and_its_subject_comes_back(
    store: Store, start: Callable[..., Worker]
) -> None:
    seen: list[str] = []

    def handle(subject: str) -> None:
        seen.append(subject)
        if subject == "poison":
            raise ValueError("boom")

    start(handle, concurrency=1)
    store.queue.wake("poison")
    until(lambda: seen)
    store.queue.wake("fine")
    until(lambda: "fine" in seen)
    until(lambda: store.queue.planned("poison"))


def test_a_worker_that_is_not_to_wait_ends_when_nothing_is_due(store: Store) -> None:
    for number in range(5):
        store.queue.wake(f"s{number}")
    looks = Looks(store)
    Worker(store, looks, wait=False).run()
    assert len(looks.count) == 5


def test_a_stopped_worker_gives_signs_of_life_until_its_last_look_is_through(
    store: Store, start: Callable[..., Worker]
) -> None:
    """Otherwise another worker would take the job over, and the subject would be looked at twice at once."""
    pace = Pace(heartbeat=0.1, stalled=0.5)
    looks = Looks(store, seconds=2.0)
    one = start(looks, pace=pace)
    store.queue.wake("s")
    until(lambda: looks.count["s"])
    one.stop()
    start(looks, pace=pace)
    until(lambda: store.queue.depth().running == 0)
    assert (looks.overlaps, looks.count["s"]) == (0, 1)


@pytest.fixture
def processes(store: Store, database_url: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts worker processes; all are killed at the end."""
    with owner_of(store) as connection:
        connection.execute("create table marks (at timestamptz, subject text, what text)")
        connection.execute("grant insert on marks to lockstep_app")
    running: list[subprocess.Popen[str]] = []

    def started(seconds: float, concurrency: int = 4) -> subprocess.Popen[str]:
        command = [sys.executable, str(PROGRAM), database_url, str(seconds), str(concurrency)]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield started
    for process in running:
        process.kill()
        process.communicate()
    with owner_of(store) as connection:
        connection.execute("drop table marks")


def marks(store: Store, what: str) -> list[str]:
    with owner_of(store) as connection:
        rows = connection.execute("select subject from marks where what = %s order by at", (what,))
        return [row[0] for row in rows]


def test_case_100_a_killed_workers_job_is_taken_up_within_15_s_and_completes_once(
    store: Store, processes: Callable[..., subprocess.Popen[str]]
) -> None:
    first = processes(60.0)
    store.inbox.receive(a_delivery("d1", "s"), b"{}", NOW)
    until(lambda: marks(store, "start") == ["s"])
    second = processes(0.1)
    first.kill()
    killed = time.monotonic()
    until(lambda: marks(store, "end") == ["s"], seconds=20)
    assert time.monotonic() - killed < 15
    assert marks(store, "start") == ["s", "s"]
    assert (store.inbox.pending("s"), store.queue.depth().running) == ((), 0)
    assert second.poll() is None


def test_case_100_at_sigterm_running_looks_finish_and_the_rest_stays_queued(
    store: Store, processes: Callable[..., subprocess.Popen[str]]
) -> None:
    for number in range(22):
        store.inbox.receive(a_delivery(f"d{number}", f"s{number}"), b"{}", NOW)
    process = processes(1.0, 2)
    until(lambda: len(marks(store, "start")) == 2)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60) == ("stopped\n", None)
    ended = marks(store, "end")
    assert sorted(ended) == sorted(marks(store, "start"))
    depth = store.queue.depth()
    assert (depth.due, depth.running) == (22 - len(ended), 0)


def test_case_16_a_flood_on_one_subject_does_not_hold_up_another(
    store: Store, start: Callable[..., Worker]
) -> None:
    looks = Looks(store, seconds=0.01)
    start(looks, concurrency=2)
    with ThreadPoolExecutor(6) as threads:
        flood = [
            threads.submit(store.inbox.receive, a_delivery(f"d{n}", "flooded"), b"{}", NOW)
            for n in range(600)
        ]
        store.inbox.receive(a_delivery("quiet", "quiet"), b"{}", NOW)
        until(lambda: "quiet" in looks.done, seconds=2.0)
        waiting = sum(not each.done() for each in flood)
    until(lambda: len(looks.done) == 601)
    assert (looks.overlaps, looks.count["quiet"]) == (0, 1)
    assert waiting > 0, "the flood was over before the quiet subject was looked at: make it longer"
