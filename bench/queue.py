"""How soon a woken subject is looked at, and how a burst is worked off (issue 2, "How fast" 2 and 4).

`python -m bench queue`: starts its own embedded PostgreSQL and two workers as processes, and prints a table.
- idle: a delivery is stored while nothing else happens; from the call to the start of the look. Goal: p99 < 30 ms.
- burst: 1,000 deliveries on 10 subjects; looks per subject, overlaps (goal 0), most waiting per subject (goal 1).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg

from bench.homes import embedded_home
from bench.table import Row, text
from bot.adapters.queue import work
from bot.adapters.store import Database, Store, migrate
from bot.model.delivery import Delivery

IDLE, EVENTS, SUBJECTS, WORKERS = 300, 1000, 10, 2
GOAL_MS = 30.0
LOOK_SECONDS = 0.005
LONGEST = 60.0
"""Seconds after which a burst that is not worked off counts as lost."""


def main() -> int:
    """0 when the goals are met, else 1."""
    found = rows()
    print(text(found))
    return 1 if any(row.met is False for row in found) else 0


def rows(quick: bool = False) -> list[Row]:
    """How soon, and how a burst is worked off, over one server and two workers."""
    with embedded_home() as (_, address):
        migrate(address)
        with psycopg.connect(address, autocommit=True) as owner:
            owner.execute("create table marks (at double precision, subject text, what text)")
            owner.execute("grant insert on marks to lockstep_app")
            with workers(address), Store(Database(lambda: address, max_size=16)) as store:
                alive(store)
                return [idle(store, owner, address, 60 if quick else IDLE), *burst(store, owner)]


@contextlib.contextmanager
def workers(address: str) -> Iterator[None]:
    """Two worker processes while the block runs."""
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=run_worker, args=(address,)) for _ in range(WORKERS)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.join()


def run_worker(address: str) -> None:
    """A worker whose looks note when they start and end, by the clock that all processes share."""
    with Store(Database(lambda: address, max_size=6)) as store:

        def mark(subject: str, what: str) -> None:
            store.database.run("insert into marks values (%s, %s, %s)", (time.monotonic(), subject, what))

        def handle(subject: str) -> None:
            began = time.monotonic()
            found = [each.id for each in store.inbox.pending(subject)]
            store.database.run("insert into marks values (%s, %s, 'start')", (began, subject))
            if not subject.startswith("idle"):
                time.sleep(LOOK_SECONDS)
            store.inbox.complete(found, "done", datetime.now(UTC))
            mark(subject, "end")

        work(store, handle, concurrency=4)


def alive(store: Store) -> None:
    """Waits until both workers listen: a woken subject starts at once."""
    while store.numbers()["workers_alive"] < WORKERS:
        threading.Event().wait(0.05)
    threading.Event().wait(1.0)


def deliver(store: Store, number: int, subject: str) -> None:
    """One delivery of the usual size."""
    now = datetime.now(UTC)
    delivery = Delivery(
        id=f"{subject}-{number}", event="push", action=None, subject=subject, installation_id=1, account="octo",
        repository_id=2, received_at=now,
    )  # fmt: skip
    store.inbox.receive(delivery, b"x" * 25_000, now)


def idle(store: Store, owner: psycopg.Connection[tuple[float, str]], address: str, count: int) -> Row:
    """One delivery at a time, in turns with the least that PostgreSQL needs to store as much and wake somebody."""
    asked: dict[str, float] = {}
    least: list[float] = []
    with listening(address) as wake:
        for number in range(count):
            least.append(wake() * 1000)
            threading.Event().wait(0.01)
            subject = f"idle:{number}"
            asked[subject] = time.monotonic()
            deliver(store, number, subject)
            threading.Event().wait(0.02)
    done(owner, count)
    started = dict(
        owner.execute("select subject, min(at) from marks where what = 'start' group by subject").fetchall()
    )
    milliseconds = [(started[subject] - asked[subject]) * 1000 for subject in asked]  # type: ignore[index,operator]
    cuts, floor = statistics.quantiles(milliseconds, n=100), statistics.quantiles(least, n=100)
    return Row(
        what="idle, from the delivery to the start of its look, p99",
        measured=f"{cuts[98]:.1f} ms (p50 {cuts[49]:.1f})",
        beside=f"one durable INSERT and NOTIFY: {floor[98]:.1f} ms (p50 {floor[49]:.1f})",
        ratio=cuts[98] / floor[98],
        goal=f"< {GOAL_MS:g} ms",
        met=cuts[98] < GOAL_MS,
        value=cuts[98],
    )


@contextlib.contextmanager
def listening(address: str) -> Iterator[Callable[[], float]]:
    """Gives a function that stores a row of a delivery's size and takes the seconds until a listener hears of it."""
    heard, over = threading.Semaphore(0), threading.Event()
    with (
        psycopg.connect(address, autocommit=True) as sender,
        psycopg.connect(address, autocommit=True) as listener,
    ):
        sender.execute("create table floor (body bytea)")
        listener.execute("listen floor")

        def listen() -> None:
            while not over.is_set():
                for _ in listener.notifies(timeout=0.2):
                    heard.release()

        def wake() -> float:
            began = time.monotonic()
            with sender.transaction():
                sender.execute("insert into floor values (%s)", (b"x" * 25_000,))
                sender.execute("notify floor")
            if not heard.acquire(timeout=10):
                raise RuntimeError("PostgreSQL's notification did not come")
            return time.monotonic() - began

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield wake
        finally:
            over.set()
            thread.join()


def burst(store: Store, owner: psycopg.Connection[tuple[float, str]]) -> list[Row]:
    """Many deliveries on few subjects."""
    owner.execute("delete from marks")
    over, most = threading.Event(), [0]
    watcher = threading.Thread(target=watch, args=(store, over, most))
    watcher.start()
    began = time.monotonic()
    with ThreadPoolExecutor(14) as threads:
        list(threads.map(lambda number: deliver(store, number, f"burst:{number % SUBJECTS}"), range(EVENTS)))
    stored = time.monotonic() - began
    lost = remaining(owner, began + LONGEST)
    worked = time.monotonic() - began
    over.set()
    watcher.join()
    marks = owner.execute("select at, subject, what from marks order by at").fetchall()
    looks = sum(1 for row in marks if row[2] == "start") / SUBJECTS  # type: ignore[misc]
    overlaps = count_overlaps(marks)  # type: ignore[arg-type]
    each = EVENTS // SUBJECTS
    return [
        Row(
            what=f"burst of {EVENTS} on {SUBJECTS} subjects, {WORKERS} workers: looks per subject",
            measured=f"{looks:.1f}; worked off after {worked:.2f} s",
            beside=f"one look for each delivery: {each}; all stored after {stored:.2f} s",
            ratio=looks / each,
            goal=f"< {each}",
            met=looks < each,
            value=looks,
        ),
        goal_row("burst: looks that overlap on a subject", overlaps, 0),
        goal_row("burst: jobs waiting for a subject, most", most[0], 1),
        goal_row("burst: deliveries never completed", lost, 0),
    ]


def goal_row(what: str, measured: int, most: int) -> Row:
    """A number that must not be exceeded."""
    goal = f"{most}" if not most else f"≤ {most}"
    return Row(what=what, measured=str(measured), goal=goal, met=measured <= most, value=measured)


def remaining(owner: psycopg.Connection[tuple[float, str]], until: float) -> int:
    """How many deliveries are not completed when all are, or at that time."""
    while True:
        row = owner.execute("select count(*) from deliveries where completed_at is null").fetchone()
        left = int(row[0]) if row else 0
        if not left or time.monotonic() > until:
            return left
        threading.Event().wait(0.01)


def watch(store: Store, over: threading.Event, most: list[int]) -> None:
    """The most jobs that ever waited for one subject."""
    query = "select coalesce(max(n), 0) as n from (select count(*) as n from procrastinate_jobs where status = 'todo'"
    while not over.wait(0.005):
        row = store.database.row(query + " group by lock) as each")
        most[0] = max(most[0], int(row["n"]) if row else 0)


def count_overlaps(rows: list[tuple[float, str, str]]) -> int:
    """Looks that started before the one before them on the same subject had ended."""
    running: set[str] = set()
    overlaps = 0
    for _at, subject, what in rows:
        if what == "end":
            running.discard(subject)
        else:
            overlaps += subject in running
            running.add(subject)
    return overlaps


def done(owner: psycopg.Connection[tuple[float, str]], looks: int) -> None:
    """Waits until so many looks have ended. Raises RuntimeError when that does not happen."""
    until = time.monotonic() + LONGEST
    while owner.execute("select count(*) from marks where what = 'end'").fetchone()[0] < looks:  # type: ignore[index]
        if time.monotonic() > until:
            raise RuntimeError(f"fewer than {looks} looks ended within {LONGEST:g} s")
        threading.Event().wait(0.05)


if __name__ == "__main__":
    sys.exit(main())
