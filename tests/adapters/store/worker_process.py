"""A worker as a process of its own, for tests that kill it: `worker_process.py ADDRESS SECONDS CONCURRENCY`.

Each look writes a row when it starts and when it ends, so that the test sees overlaps and what was lost.
"""

from __future__ import annotations

import sys
import time

from bot.adapters.queue import work
from bot.adapters.store import Database, Store


def main(address: str, seconds: float, concurrency: int) -> None:
    with Store(Database(lambda: address, max_size=concurrency + 2)) as store:

        def handle(subject: str) -> None:
            found = store.inbox.pending(subject)
            mark(store, subject, "start")
            time.sleep(seconds)
            store.inbox.complete([each.id for each in found], "done", found[0].received_at) if found else None
            mark(store, subject, "end")

        work(store, handle, concurrency=concurrency)
    print("stopped", flush=True)


def mark(store: Store, subject: str, what: str) -> None:
    store.database.run("insert into marks values (clock_timestamp(), %s, %s)", (subject, what))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
