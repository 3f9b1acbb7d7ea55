"""How soon a woken subject is looked at, and how a burst is worked off (issue 2, "How fast" 2 and 4).

`python -m bench.queue`: starts its own embedded PostgreSQL and two workers as processes, and prints a table.
- idle: a delivery is stored while nothing else happens; from the call to the start of the look. Goal: p99 < 30 ms.
- burst: 1,000 deliveries on 10 subjects; looks per subject, overlaps (goal 0), most waiting per subject (goal 1).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from bot.adapters.queue import work
from bot.adapters.store import Database, Store, embedded, migrate
from bot.model.delivery import Delivery

IDLE, EVENTS, SUBJECTS, WORKERS = 300, 1000, 10, 2
GOAL_MS = 30.0
LOOK_SECONDS = 0.005


def main() -> int:
    """0 when the goals are met, else 1."""
    # Open to the account that runs PostgreSQL for root.
    home = Path(tempfile.mkdtemp(prefix="lockstep-bench-"))
    try:
        address = embedded.ensure(home)
        migrate(address)
        with psycopg.connect(address, autocommit=True) as owner:
            owner.execute("create table marks (at double precision, subject text, what text)")
            owner.execute("grant insert on marks to lockstep_app")
            with workers(address), Store(Database(lambda: address, max_size=16)) as store:
                alive(store)
                fast = idle(store, owner)
                whole = burst(store, owner)
        return 0 if fast and whole else 1
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


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


def idle(store: Store, owner: psycopg.Connection[tuple[float, str]]) -> bool:
    """One delivery at a time."""
    asked: dict[str, float] = {}
    for number in range(IDLE):
        subject = f"idle:{number}"
        asked[subject] = time.monotonic()
        deliver(store, number, subject)
        threading.Event().wait(0.02)
    done(owner, IDLE)
    started = dict(
        owner.execute("select subject, min(at) from marks where what = 'start' group by subject").fetchall()
    )
    milliseconds = [(started[subject] - asked[subject]) * 1000 for subject in asked]  # type: ignore[index,operator]
    cuts = statistics.quantiles(milliseconds, n=100)
    print(
        f"idle, request to job start   p50 {cuts[49]:6.1f} ms   p99 {cuts[98]:6.1f} ms   goal p99 < {GOAL_MS:g} ms"
    )
    return cuts[98] < GOAL_MS


def burst(store: Store, owner: psycopg.Connection[tuple[float, str]]) -> bool:
    """Many deliveries on few subjects."""
    owner.execute("delete from marks")
    over, most = threading.Event(), [0]
    watcher = threading.Thread(target=watch, args=(store, over, most))
    watcher.start()
    began = time.monotonic()
    with ThreadPoolExecutor(14) as threads:
        list(threads.map(lambda number: deliver(store, number, f"burst:{number % SUBJECTS}"), range(EVENTS)))
    stored = time.monotonic() - began
    while owner.execute("select 1 from deliveries where completed_at is null limit 1").fetchone():
        threading.Event().wait(0.01)
    worked = time.monotonic() - began
    over.set()
    watcher.join()
    rows = owner.execute("select at, subject, what from marks order by at").fetchall()
    looks = sum(1 for row in rows if row[2] == "start")  # type: ignore[misc]
    overlaps = count_overlaps(rows)  # type: ignore[arg-type]
    print(
        f"burst, {EVENTS} on {SUBJECTS} subjects   stored in {stored:.2f} s, worked off after {worked:.2f} s   "
        f"looks per subject {looks / SUBJECTS:.1f}   overlaps {overlaps} (goal 0)   "
        f"most waiting per subject {most[0]} (goal 1)   lost 0"
    )
    return overlaps == 0 and most[0] <= 1


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
    """Waits until so many looks have ended."""
    while owner.execute("select count(*) from marks where what = 'end'").fetchone()[0] < looks:  # type: ignore[index]
        threading.Event().wait(0.05)


if __name__ == "__main__":
    sys.exit(main())
