"""Doing all that is due at once, here: for tests, where time is an argument, and for commands that run once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from bot.adapters.queue.worker import QUEUE, Handle
from bot.adapters.store import Store

MOST = 10_000
"""Looks after which a queue that refills itself is called endless."""


def drain(store: Store, handle: Handle, *, now: datetime | None = None, concurrency: int = 1) -> int:
    """Looks at every subject that is due, and at those that become due meanwhile; how many looks there were.

    With `now`, jobs planned for that time or before count as due. An error of the handler is raised here, after its
    job was finished. Raises RuntimeError when there is no end to it.
    """
    worker = store.database.once(
        lambda connection: connection.execute(
            "select worker_id as id from procrastinate_register_worker_v1()"
        ).fetchone()
    )
    number = int(worker["id"]) if worker else 0
    looks = 0
    try:
        while more := _round(store, handle, number, now, concurrency):
            looks += more
            if looks > MOST:
                raise RuntimeError(f"more than {MOST} looks: subjects wake each other without end")
    finally:
        store.database.run("select procrastinate_unregister_worker_v1(%s)", (number,))
    return looks


def _round(store: Store, handle: Handle, worker: int, now: datetime | None, concurrency: int) -> int:
    """Until each thread found nothing. A job behind a running one of its subject is the next round's."""
    if now is not None:
        store.database.run(
            "update procrastinate_jobs set scheduled_at = null where status = 'todo' and scheduled_at <= %s",
            (now,),
        )
    if concurrency == 1:
        return _until_empty(store, handle, worker)
    with ThreadPoolExecutor(concurrency) as threads:
        return sum(threads.map(lambda _: _until_empty(store, handle, worker), range(concurrency)))


def _until_empty(store: Store, handle: Handle, worker: int) -> int:
    looks = 0
    while looks <= MOST:
        job = store.database.once(
            lambda connection: connection.execute(
                "select id, args from procrastinate_fetch_job_v2(array[%s]::varchar[], %s)", (QUEUE, worker)
            ).fetchone()
        )
        if job is None or job["id"] is None:
            break
        looks += 1
        try:
            handle(job["args"]["subject"])
        finally:
            store.database.run("select procrastinate_finish_job_v1(%s, 'succeeded', true)", (job["id"],))
    return looks
