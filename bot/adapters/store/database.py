"""Connections: a pool that runs as the application's role, and the ways of doing something with it: what may be done
again, what must be done once, and several things of both kinds together or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from bot.adapters.store.migrate import ROLE
from bot.adapters.store.watch import Watch
from bot.errors import Retryable, UserError

STATEMENT_SECONDS = 2.5
"""A locked or overloaded database answers "no" within this time, so that the web can say 503 (case 14)."""
WAIT_SECONDS = 2.0
"""How long a caller waits for a free connection; with a statement it stays under five seconds."""
SILENCE_SECONDS = 4.0
"""How long a database that hangs may keep silent."""

Conninfo = Callable[[], str]
"""Asked before each new connection: the embedded server is started again there when it was killed."""
Connection = psycopg.Connection[DictRow]
Row = dict[str, Any]
T = TypeVar("T")

_GONE = (None, "57P01", "57P02", "57P03")
"""SQLSTATEs of a connection that is no more: none, or shut down, crashed, starting (PostgreSQL, appendix A)."""


def as_application(conninfo: str) -> str:
    """The same database with the application's role and time limits. Raises UserError for unreadable text."""
    try:
        given = conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError:
        raise UserError(
            "DATABASE_URL cannot be read as a PostgreSQL address: postgresql://user:password@host:5432/database"
        ) from None
    milliseconds = int(STATEMENT_SECONDS * 1000)
    options = (
        f"{given.get('options') or ''} -c role={ROLE} -c statement_timeout={milliseconds}"
        " -c idle_in_transaction_session_timeout=15000"
    )
    return make_conninfo(conninfo, options=options.strip(), application_name="lockstep")


class _Here(threading.local):
    """The connection whose transaction the present thread is in."""

    connection: Connection | None = None


class Database:
    """A pool of autocommit connections with rows as dictionaries."""

    def __init__(
        self,
        conninfo: Conninfo,
        *,
        max_size: int = 10,
        wait: float = WAIT_SECONDS,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        """`conninfo` gives the login's address; connections run as the application's role.

        `wait` and `silence` are seconds, for who has nobody waiting for a 503 and would rather have the answer.
        """
        self._wait, self._silence = wait, silence
        self.conninfo: Conninfo = lambda: as_application(conninfo())
        self._watch = Watch()
        self._here = _Here()
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            self.conninfo,
            connection_class=psycopg.Connection[DictRow],
            kwargs={"autocommit": True, "row_factory": dict_row, "connect_timeout": 5},
            min_size=1,
            max_size=max_size,
            timeout=wait,
            open=True,
            name="lockstep",
        )

    def close(self) -> None:
        """Closes all connections."""
        self._watch.stop()
        self._pool.close()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a statement that may be executed twice."""
        return self.again(lambda connection: connection.execute(query.encode(), values).fetchall())

    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of a statement that may be executed twice."""
        return self.again(lambda connection: connection.execute(query.encode(), values).fetchone())

    def run(self, query: str, values: Sequence[Any] = ()) -> int:
        """Executes a statement that may be executed twice; the number of rows that it touched."""
        return self.again(lambda connection: connection.execute(query.encode(), values).rowcount)

    def again(self, work: Callable[[Connection], T], *, patience: float | None = None) -> T:
        """Runs `work`, and again on another connection when one turns out to be dead (after a restart, all are).

        Only for work that may be done twice. Raises Retryable when the database does not answer in time; work that
        takes longer says how many seconds it needs (`patience`), and lifts the statement timeout itself.
        """
        end = time.monotonic() + self._wait
        while True:
            try:
                return self._answer(work, self._silence if patience is None else patience)
            except _Gone:
                if self._here.connection is not None or time.monotonic() > end:
                    raise

    def once(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` in a transaction; another connection is tried only while the transaction has not begun.

        For work that must not be done twice. Raises Retryable when the database does not answer in time.
        """
        end = time.monotonic() + self._wait
        started: list[bool] = []

        def begun(connection: Connection) -> T:
            with connection.transaction():
                started.append(True)
                return work(connection)

        while True:
            try:
                return self._answer(begun, self._silence)
            except _Gone:
                if started or time.monotonic() > end:
                    raise

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that this thread does with the database meanwhile is kept together, or nothing of it (row P11).

        Nobody else may be waited for inside: whoever writes a ledger row waits for the one who wrote the last. One
        inside another belongs to it. Raises Retryable when the database does not answer in time; whether it was kept
        is unknown when that happened at the end.
        """
        if self._here.connection is not None:
            yield
            return
        with _sorted(), ExitStack() as stack:
            self._here.connection = self._begun(stack)
            stack.callback(setattr, self._here, "connection", None)
            yield

    def _begun(self, stack: ExitStack) -> Connection:
        """A connection in a transaction that ends with `stack`; another one is tried while it has not begun."""
        end = time.monotonic() + self._wait
        while True:
            try:
                with _sorted(), ExitStack() as trying:
                    connection = trying.enter_context(self._pool.connection())
                    trying.enter_context(self._watch.over(connection.fileno(), self._silence))
                    trying.enter_context(connection.transaction())
                    stack.push(trying.pop_all())
                    return connection
            except _Gone:
                if time.monotonic() > end:
                    raise

    def _answer(self, work: Callable[[Connection], T], patience: float) -> T:
        with _sorted():
            if self._here.connection is not None:
                return work(self._here.connection)
            with self._pool.connection() as connection, self._watch.over(connection.fileno(), patience):
                return work(connection)


@contextmanager
def _sorted() -> Iterator[None]:
    """Errors of the database by what can be done about them."""
    try:
        yield
    except (PoolTimeout, PoolClosed, TooManyRequests) as error:
        raise Retryable("the database has no connection for us") from error
    except (psycopg.OperationalError, psycopg.errors.ReadOnlySqlTransaction) as error:
        # Read-only: a replica that is about to be promoted, or was one until a moment ago.
        kind = _Gone if error.sqlstate in _GONE else Retryable
        raise kind(f"the database did not answer: {_first_line(error)}") from error


class _Gone(Retryable):
    """The connection was lost; whether the statement took effect is unknown."""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
