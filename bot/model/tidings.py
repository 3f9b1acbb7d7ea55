"""What people are told: a tiding is one ledger row in words, a message is what a channel sends (row P10).

Nobody calls a channel. A ledger row is the only cause of a tiding, so what was told can be told again from the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any


class Severity(Enum):
    """How much it matters; in this order."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info; more matters more."""
        return list(Severity).index(self)


EVENTS: Mapping[str, str] = {
    "promotion_failed": "A promotion did not arrive: not proposed, not deployed, or given up",
    "validation_failed": "Gates hold a promotion, or a production validation failed",
    "approval_required": "A pull request waits for people: the roles that are missing",
    "rollback_started": "A rollback's pull request is open",
    "rollback_finished": "A rollback ended: healthy again, not healthy, or closed without a merge",
    "rollback_blocked": "A rollback was wanted and a lock or a rail stopped it",
    "breaker_open": "Too many automatic rollbacks: from now on people decide",
    "hotfix": "A hotfix sets out, and what it owes",
    "hold": "An environment or a pull request is held, or let go",
    "incident": "An incident was opened, decided or closed",
    "escalation": "An incident's stage is late: a reminder, or the next role is called",
    "override": "Somebody set a gate aside, took that back, or lifted a veto",
    "deployed": "A promotion is live: synced, healthy and verified",
    "release_refused": "What a build handed over was not taken, and why",
    "rules_changed": "The rules file changed on the default branch, or cannot be read there",
    "intrusion": "Something went past Lockstep: a direct push, a forged check, an edited approval, a changed artifact",
}
"""The events that `notify` may name, each with what it means. One list for the rules file, the README and the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where to look. `url` begins with http(s)."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiding:
    """One ledger row in words. Texts are plain: each channel escapes them its own way."""

    event: str
    """One of `EVENTS`."""
    title: str
    severity: Severity
    at: datetime
    repository: str
    """The config repository's full name."""
    environment: str | None = None
    reason: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    """Names and values, in the order in which they are shown. A name that comes again goes on."""
    links: tuple[Link, ...] = ()
    data: Mapping[str, Any] | None = None
    """What programs read, as JSON: the production validation's alert (row C2). Only webhooks carry it."""
    dedup: str = ""
    """What has the same text here is told once an hour at most."""
    group: str = ""
    """What has the same text here travels in one message when there is much of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a channel sends: one tiding, or many of one kind. `tidings` are the shown ones, `more` how many are not."""

    id: str
    """The same for the same content, so that a receiver can tell a message that was sent twice."""
    title: str
    severity: Severity
    at: datetime
    repository: str
    tidings: tuple[Tiding, ...]
    more: int = 0
    calls: bool = False
    """Whether everybody in the channel is called (`<!channel>`): a critical failure in production."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The channel took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """The channel does not work now. `why` holds no secret; `after`: how long it asked us to wait."""

    why: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The channel works and does not take this message."""

    why: str


Outcome = Sent | Later | Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A tiding on its way to one channel."""

    id: int
    seq: int
    """The ledger row."""
    channel: str
    tiding: Tiding
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """How a channel does, for `/status`, `/metrics` and `doctor`."""

    repository_id: int
    name: str
    kind: str
    missing: str = ""
    """The setting without which it does not work; empty: none is missing."""
    trouble: str = ""
    failing_since: datetime | None = None
    failures: int = 0
    """In a row."""
    not_before: datetime | None = None
    sent_at: datetime | None = None
    """The last message that it took."""
    waiting: int = 0
    dropped: int = 0
    """Tidings that were given up within the last day."""
