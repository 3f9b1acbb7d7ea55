"""What arrives: a webhook delivery, the subject it touches, and how receiving it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One webhook delivery as it is stored; the payload's bytes travel beside it.

    `id` is GitHub's X-GitHub-Delivery, the same again when a delivery is redelivered.
    """

    id: str
    event: str
    action: str | None
    subject: str
    installation_id: int
    account: str
    repository_id: int | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """A delivery that waits to be worked on, with its raw body."""

    id: str
    event: str
    action: str | None
    subject: str
    received_at: datetime
    payload: bytes


class Received(Enum):
    """How the store took a delivery."""

    STORED = "stored"
    STORED_AGAIN = "stored again"
    """Seen before, but never completed: it is worked on now (attack case 10)."""
    COMPLETED_BEFORE = "completed before"
    """Seen and completed: nothing is done (attack case 9)."""
