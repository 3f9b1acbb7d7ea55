"""A worker: takes subjects from the queue and has them looked at in threads, until it is stopped.

Procrastinate fetches, locks and finishes the jobs. Added here, because it does not do it:
- a sign of life also while a stopped worker waits for its last looks (or another one would take them over);
- taking up the jobs of dead workers, but only after the database was up for as long as a worker may be silent
  (after an outage everybody looks dead for a moment);
- starting again after the database was away: Procrastinate's worker stops itself then.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import procrastinate
import procrastinate.worker
import psycopg
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext

from bot.adapters.store import Store
from bot.errors import Retryable

Handle = Callable[[str], object]
"""Looks at a subject. Its result is ignored; to be called again later, it wakes the subject itself."""

QUEUE = "look"
log = logging.getLogger(__name__)
_AWAY = (ConnectorException, psycopg.Error, Retryable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often things happen, in seconds."""

    heartbeat: float = 2.0
    stalled: float = 8.0
    """Silence after which a worker counts as dead. Its jobs are taken up within `stalled` + `heartbeat`."""
    poll: float = 0.25
    """For planned jobs, and for the rare job whose notification came while the worker was asking."""
    restart: float = 0.5
    """Pause before trying again when the database is away."""
    trouble: float = 60.0
    """When a subject comes back whose handler raised, which a handler should not."""


class Worker:
    """One worker of this process. `run` blocks; `stop` may be called from any thread."""

    def __init__(
        self,
        store: Store,
        handle: Handle,
        *,
        concurrency: int = 4,
        wait: bool = True,
        pace: Pace | None = None,
    ) -> None:
        """`concurrency` looks at a time; `wait=False` ends when nothing is due any more."""
        self._store = store
        self._handle = handle
        self._concurrency = concurrency
        self._wait = wait
        self._pace = pace or Pace()
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="look")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._stop_asked = threading.Event()
        self._worker_id: int | None = None
        self._app = self._make_app()

    def run(self) -> None:
        """Works until `stop`; running looks are finished first. Raises only what is a fault of this program."""
        with self._threads:
            asyncio.run(self._run())

    def stop(self) -> None:
        """Takes no more jobs; `run` returns when the running looks are through."""
        self._stop_asked.set()
        with suppress(RuntimeError):  # the loop has ended already
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._stopping.set)

    def _make_app(self) -> procrastinate.App:
        async def configure(connection: psycopg.AsyncConnection[Any]) -> None:
            await connection.set_autocommit(True)

        async def look(subject: str) -> None:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._look, subject)

        connector = procrastinate.PsycopgConnector(
            conninfo=self._store.database.conninfo, configure=configure, min_size=2,
            max_size=self._concurrency + 4, timeout=10.0, kwargs={"connect_timeout": 5},
        )  # fmt: skip
        app = procrastinate.App(connector=connector)
        app.task(name="look", queue=QUEUE)(look)
        return app

    def _look(self, subject: str) -> None:
        try:
            self._handle(subject)
        except Exception:
            log.exception("the look at %s ended with an error that its handler should have sorted", subject)
            self._store.queue.wake(subject, datetime.now(UTC) + timedelta(seconds=self._pace.trouble))

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._stop_asked.is_set():
            return
        over = asyncio.Event()
        care = asyncio.create_task(self._care(over))
        try:
            while not self._stopping.is_set():
                await self._work_while_connected()
                if not self._wait:
                    return
                await _pause(self._stopping, self._pace.restart)
        finally:
            over.set()
            await care
            self._loop = None

    async def _work_while_connected(self) -> None:
        try:
            async with self._app.open_async():
                task = asyncio.create_task(self._procrastinate())
                stopping = asyncio.create_task(self._stopping.wait())
                await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                if not task.done():
                    task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        except _AWAY as error:
            if not self._wait:
                raise Retryable(f"the database went away: {error}") from error
            log.warning("the worker starts again, the database was away: %s", error)
        finally:
            self._worker_id = None

    async def _procrastinate(self) -> None:
        await self._app.run_worker_async(
            queues=[QUEUE],
            concurrency=self._concurrency,
            wait=self._wait,
            listen_notify=self._wait,
            fetch_job_polling_interval=self._pace.poll,
            delete_jobs="always",
            install_signal_handlers=False,
            update_heartbeat_interval=self._pace.heartbeat,
            # Its own pruning at the start would let go of the jobs of workers that only were cut off; see _care.
            stalled_worker_timeout=3600.0,
            worker_middleware=[self._remember],
        )

    async def _remember(
        self, call_next: Callable[[], Any], _context: JobContext, worker: procrastinate.worker.Worker
    ) -> Any:
        self._worker_id = worker.worker_id
        return await call_next()

    async def _care(self, over: asyncio.Event) -> None:
        """Signs of life, and the jobs of those who give none."""
        now = asyncio.get_running_loop().time
        up_since: float | None = None
        while not over.is_set():
            try:
                if (mine := self._worker_id) is not None:
                    await self._app.job_manager.update_heartbeat(mine)
                up_since = now() if up_since is None else up_since
                if now() - up_since >= self._pace.stalled:
                    for subject in await asyncio.to_thread(self._store.queue.reclaim, self._pace.stalled):
                        log.warning("%s is looked at again: its worker died", subject)
                elif mine is None:
                    await asyncio.to_thread(self._store.queue.depth)
            except _AWAY as error:
                up_since = None
                log.warning("the database does not answer: %s", error)
            await _pause(over, self._pace.heartbeat)


async def _pause(until: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)


def work(
    store: Store, handle: Handle, *, concurrency: int = 4, wait: bool = True, pace: Pace | None = None
) -> None:
    """A worker process: blocks until SIGTERM or SIGINT, then finishes its running looks and returns.

    What it cannot finish because it is killed is taken up by another worker (case 100). Call in the main thread.
    """
    worker = Worker(store, handle, concurrency=concurrency, wait=wait, pace=pace)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda *_: worker.stop())
    try:
        worker.run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
