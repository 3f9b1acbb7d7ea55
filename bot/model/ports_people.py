"""What people decided and is on record: approvals, overrides, holds, as interfaces.

Every method may raise `Retryable` from `bot.errors` when the database does not answer. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from bot.model.approval_facts import ApprovalRecord, ApproveComment, Cancellation, Override
from bot.model.facts import Actor
from bot.model.holds import Hold


class Approvals(Protocol):
    """What people said with `/approve`, and the content that each yes was given to (row B1). Only ever added to."""

    def said(self, repository_id: int, pull: int, word: ApproveComment | Cancellation) -> bool:
        """Keeps an `/approve` or `/approve cancel`; False when that comment was kept before."""

    def comments(self, repository_id: int, pull: int) -> tuple[ApproveComment | Cancellation, ...]:
        """All that was said on a pull request, oldest first."""

    def keep(self, records: Iterable[ApprovalRecord]) -> None:
        """Keeps what each yes was given to; a record that is there stays as it is."""

    def records(self, repository_id: int, pull: int) -> tuple[ApprovalRecord, ...]:
        """The records of a pull request."""


class Overrides(Protocol):
    """Recorded permissions to set one gate aside (row B2)."""

    def grant(self, override: Override) -> bool:
        """Keeps it; False when it was kept before (the same comment and gate)."""

    def of(self, repository_id: int, pull: int) -> tuple[Override, ...]:
        """Every one that was granted on a pull request, oldest first."""

    def cancel(self, override: Override) -> bool:
        """Keeps who took it back and when, which `override` tells; False when it was taken back before."""


class Holds(Protocol):
    """Environments and pull requests that stay where they are."""

    def place(self, hold: Hold) -> bool:
        """Keeps it; False when the place is held already."""

    def release(
        self, repository_id: int, environment: str | None, pull: int | None, by: Actor, at: datetime
    ) -> bool:
        """Ends the one in force; False when there is none."""

    def active(self, repository_id: int) -> tuple[Hold, ...]:
        """All that are in force, oldest first."""
