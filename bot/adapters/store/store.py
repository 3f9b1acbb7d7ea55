"""The store: every family of stored things over one pool, and how to open it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from bot.adapters.store import embedded
from bot.adapters.store.approvals import Approvals
from bot.adapters.store.budget import Budget
from bot.adapters.store.database import Conninfo, Database
from bot.adapters.store.deployments import Deployments
from bot.adapters.store.health import Health
from bot.adapters.store.holds import Holds
from bot.adapters.store.hotfixes import Debts, Hotfixes
from bot.adapters.store.inbox import Inbox
from bot.adapters.store.ledger import Ledger
from bot.adapters.store.marks import Marks
from bot.adapters.store.migrate import migrate
from bot.adapters.store.notices import Notices
from bot.adapters.store.overrides import Overrides
from bot.adapters.store.pins import Pins
from bot.adapters.store.promotions import Promotions
from bot.adapters.store.queue import Queue
from bot.adapters.store.releases import Releases
from bot.adapters.store.repositories import Repositories
from bot.adapters.store.requests import Requests
from bot.adapters.store.rollbacks import Rollbacks
from bot.adapters.store.subjects import Subjects
from bot.adapters.store.validations import Validations
from bot.adapters.store.vetoes import Vetoes


class DatabaseSettings(Protocol):
    """The two settings that say where the database is."""

    @property
    def database_url(self) -> str | None:
        """DATABASE_URL; None for the embedded server."""

    @property
    def home(self) -> Path:
        """LOCKSTEP_HOME, where the embedded server lives."""


class Store:
    """All families. Thread-safe; made after a fork, not before. Use as a context manager or call `close`."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.inbox = Inbox(database)
        self.queue = Queue(database)
        self.subjects = Subjects(database)
        self.ledger = Ledger(database)
        self.releases = Releases(database)
        self.promotions = Promotions(database)
        self.requests = Requests(database)
        self.repositories = Repositories(database)
        self.pins = Pins(database)
        self.approvals = Approvals(database)
        self.overrides = Overrides(database)
        self.holds = Holds(database)
        self.deployments = Deployments(database)
        self.rollbacks = Rollbacks(database)
        self.vetoes = Vetoes(database)
        self.validations = Validations(database)
        self.notices = Notices(database)
        self.hotfixes = Hotfixes(database)
        self.debts = Debts(database)
        self.budget = Budget(database)
        self.marks = Marks(database)
        self.health = Health(database)

    def together(self) -> AbstractContextManager[None]:
        """What this thread keeps meanwhile is kept together, or nothing of it; see `Database.together`."""
        return self.database.together()

    def numbers(self) -> Mapping[str, float]:
        """Gauges for `GET /metrics`."""
        return self.health.numbers()

    def close(self) -> None:
        """Closes the connections."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def conninfo_of(settings: DatabaseSettings) -> Conninfo:
    """Where the database is; asking starts the embedded server when that is the one and it does not run."""
    url, home = settings.database_url, settings.home
    return (lambda: url) if url else (lambda: embedded.ensure(home))


def open_store(settings: DatabaseSettings, *, max_size: int = 10) -> Store:
    """The store of these settings with its schema up to date; at most `max_size` connections.

    Raises UserError when the database cannot be used as it is, Retryable when it does not answer.
    """
    conninfo = conninfo_of(settings)
    migrate(conninfo())
    return Store(Database(conninfo, max_size=max_size))


def open_as_it_is(settings: DatabaseSettings) -> Store:
    """The store of these settings, whatever its schema: for the doctor, who changes nothing."""
    return Store(Database(conninfo_of(settings), max_size=2))
