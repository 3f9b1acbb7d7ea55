"""What the web needs from the store, as interfaces; `adapters.store` has the real parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol

from bot.model.delivery import Delivery, Received
from bot.model.ledger import LedgerEntry, LedgerRow

Clock = Callable[[], datetime]
"""The time now, aware, in UTC."""


class Inbox(Protocol):
    """Where deliveries are kept until they are completed."""

    def receive(self, delivery: Delivery, payload: bytes, at: datetime) -> Received:
        """Stores a delivery and wakes its subject, both or neither, durably, before it returns.

        Gives up within 5 seconds, whatever hangs, by raising; then nothing is kept (attack case 14).
        """


class Ledger(Protocol):
    """The audit trail."""

    def write(self, entry: LedgerEntry) -> int:
        """Appends an entry; its number. Raises when it could not be written, within 5 seconds."""

    def following(
        self, after: int, events: Collection[str], refused: Collection[str], limit: int = 5_000
    ) -> tuple[LedgerRow, ...]:
        """The next rows behind number `after`, oldest first; see `bot.model.ports_store.Ledger`."""


class Health(Protocol):
    """Whether the store can do its work."""

    def check(self) -> None:
        """Raises a LockstepError that says why when the database does not answer or lacks migrations."""


class Store(Protocol):
    """The parts of the store that the web uses."""

    @property
    def inbox(self) -> Inbox:
        """For `POST /webhook`."""

    @property
    def ledger(self) -> Ledger:
        """For what is refused by policy."""

    @property
    def health(self) -> Health:
        """For `GET /ready`."""

    def numbers(self) -> Mapping[str, float]:
        """Gauges for `GET /metrics`: a few fixed snake_case names with their unit, such as `jobs_waiting`."""
