"""The audit trail's vocabulary: one entry for each decision and each act (row P11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What happened, who did it, and why, before it is numbered and chained.

    `event` is snake_case (`release_accepted`, `pull_opened`); `decision` is `attempt`, `done`, `refused`, `failed` or
    `skipped`. `actor_id` is GitHub's numeric id of a person, or None when Lockstep acted by itself.
    """

    at: datetime
    event: str
    decision: str
    reason: str = ""
    actor_id: int | None = None
    actor_login: str | None = None
    delivery_id: str | None = None
    subject: str | None = None
    installation_id: int | None = None
    repository_id: int | None = None
    pull_number: int | None = None
    head_sha: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    once: str | None = None
    """Names an act that happens once: a second entry of that name is not written. Not a part of the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """An entry as it stands in the ledger; hashes are 32 bytes."""

    seq: int
    entry: LedgerEntry
    previous_hash: bytes
    hash: bytes
