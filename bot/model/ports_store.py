"""What `run` needs from the store, as interfaces, by family. The real one is `adapters.store` (PostgreSQL)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from bot.model.ports_deploying import Debts, Deployments, Hotfixes, Rollbacks, Vetoes
from bot.model.ports_notify import Notices
from bot.model.ports_people import Approvals, Holds, Overrides
from bot.model.ports_queue import Inbox, Marks, Queue, Subjects
from bot.model.ports_record import Ledger, Pins, Promotions, Releases, Repositories, Requests
from bot.model.ports_validation import Validations
from bot.model.subject import Subject


class Store(Protocol):
    """All families together."""

    def together(self) -> AbstractContextManager[None]:
        """What this thread keeps meanwhile is kept together, or nothing of it: a row of the ledger and what it stands
        for. Nothing outside of the store may be asked inside. Raises Retryable, then nothing is known to be kept."""

    @property
    def inbox(self) -> Inbox: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def subjects(self) -> Subjects: ...
    @property
    def marks(self) -> Marks: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def releases(self) -> Releases: ...
    @property
    def promotions(self) -> Promotions: ...
    @property
    def requests(self) -> Requests: ...
    @property
    def repositories(self) -> Repositories: ...
    @property
    def pins(self) -> Pins: ...
    @property
    def approvals(self) -> Approvals: ...
    @property
    def overrides(self) -> Overrides: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def deployments(self) -> Deployments: ...
    @property
    def rollbacks(self) -> Rollbacks: ...
    @property
    def vetoes(self) -> Vetoes: ...
    @property
    def validations(self) -> Validations: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def hotfixes(self) -> Hotfixes: ...
    @property
    def debts(self) -> Debts: ...


def wake(store: Store, subject: Subject, at: datetime | None = None) -> None:
    """`queue.wake` for a subject as a value."""
    store.queue.wake(str(subject), at)
