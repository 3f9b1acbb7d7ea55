"""What came in, who is looked at next, and what is remembered of a look, as interfaces.

Every method may raise `Retryable` from `bot.errors` when the database does not answer. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.model.delivery import StoredDelivery


class Inbox(Protocol):
    """Deliveries that wait to be worked on."""

    def pending(self, subject: str) -> tuple[StoredDelivery, ...]:
        """The deliveries of a subject that are not completed, oldest first."""

    def known(self, delivery_ids: Collection[str]) -> frozenset[str]:
        """Those of the ids that are stored."""

    def forgotten(self, older_than: datetime) -> tuple[str, ...]:
        """Subjects with a delivery from before that moment, not completed, and no job to work on it."""

    def prune(self, before: datetime) -> int:
        """Deletes deliveries that were completed before that moment; how many."""

    def complete(self, delivery_ids: Sequence[str], outcome: str, at: datetime) -> None:
        """Marks them done: the same delivery id is not worked on again (attack case 9)."""


class Queue(Protocol):
    """Who is to be looked at next."""

    def wake(self, subject: str, at: datetime | None = None) -> None:
        """Makes sure that the subject is looked at, at once or at `at`; one waiting job per subject at most."""


class Subjects(Protocol):
    """How often a subject failed in a row."""

    def attempts(self, subject: str) -> int:
        """Failures in a row so far."""

    def failed(self, subject: str, error: str, retry_at: datetime) -> int:
        """Counts one more failure; the number in a row."""

    def succeeded(self, subject: str) -> None:
        """Forgets the failures."""

    def park(self, subject: str, why: str, at: datetime) -> None:
        """Marks it parked and starts counting afresh, so that the next event tries again."""


class Marks(Protocol):
    """Small durable marks of how far something was read."""

    def get(self, key: str) -> Any:
        """The mark's JSON value, or None when it was never set."""

    def put(self, key: str, value: Any) -> None:
        """Sets the mark."""

    def under(self, prefix: str) -> Mapping[str, Any]:
        """All marks whose key starts with `prefix`, by key."""

    def drop(self, key: str) -> None:
        """Forgets the mark."""
