"""The request budget, GitHub's scarce resource: who may ask now, what is left, and how much was used for what.

Nothing here sleeps. A caller that may not ask yet gets a `Retryable` with the moment at which it may.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from datetime import datetime, timedelta
from typing import Protocol

CONTENT_PER_MINUTE = 80
"""GitHub's secondary limit: no more than 80 content-creating requests a minute."""


class Budget(Protocol):
    """What is known of an installation's budget, shared by every process (the store keeps it)."""

    def blocked_until(self, installation_id: int) -> datetime | None:
        """The moment before which nothing may be asked for this installation; None when it may be asked now."""

    def note(
        self, installation_id: int, resource: str, remaining: int, limit: int, reset_at: datetime
    ) -> None:
        """Keeps what an answer's headers said. `resource` is `core` or `graphql`."""

    def block(self, installation_id: int, until: datetime) -> None:
        """No call for this installation before `until`; an earlier end never shortens a later one."""

    def strike(self, installation_id: int) -> int:
        """Counts a secondary limit that named no time; how many in a row, 1 for the first (attack case 19)."""

    def calm(self, installation_id: int) -> None:
        """An answer came through: the strikes are over."""

    def count(self, installation_id: int, purpose: str, n: int) -> None:
        """Adds `n` requests made for `purpose`."""


class MemoryBudget:
    """A budget of one process: for commands that run without a store, and for tests."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[int, str]] = Counter()
        self.noted: dict[tuple[int, str], tuple[int, int, datetime]] = {}
        self._blocked: dict[int, datetime] = {}
        self._strikes: Counter[int] = Counter()
        self._lock = threading.Lock()

    def blocked_until(self, installation_id: int) -> datetime | None:
        """See `Budget`. An end that has passed is the caller's to compare."""
        with self._lock:
            return self._blocked.get(installation_id)

    def note(
        self, installation_id: int, resource: str, remaining: int, limit: int, reset_at: datetime
    ) -> None:
        """See `Budget`. Nothing left is a block until the reset, so that the next call is not even tried."""
        with self._lock:
            self.noted[installation_id, resource] = (remaining, limit, reset_at)
        if remaining <= 0:
            self.block(installation_id, reset_at)

    def block(self, installation_id: int, until: datetime) -> None:
        """See `Budget`."""
        with self._lock:
            before = self._blocked.get(installation_id)
            self._blocked[installation_id] = until if before is None else max(before, until)

    def strike(self, installation_id: int) -> int:
        """See `Budget`."""
        with self._lock:
            self._strikes[installation_id] += 1
            return self._strikes[installation_id]

    def calm(self, installation_id: int) -> None:
        """See `Budget`."""
        with self._lock:
            del self._strikes[installation_id]

    def count(self, installation_id: int, purpose: str, n: int) -> None:
        """See `Budget`."""
        with self._lock:
            self.requests[installation_id, purpose] += n


class ContentThrottle:
    """Keeps one installation's content-creating requests of this process under GitHub's limit a minute."""

    def __init__(self, limit: int = CONTENT_PER_MINUTE, window: timedelta = timedelta(minutes=1)) -> None:
        self._limit = limit
        self._window = window
        self._made: deque[datetime] = deque()
        self._lock = threading.Lock()

    def take(self, now: datetime) -> datetime | None:
        """Takes a place for one request; or, when none is free, the moment at which one will be."""
        with self._lock:
            while self._made and self._made[0] <= now - self._window:
                self._made.popleft()
            if len(self._made) >= self._limit:
                return self._made[0] + self._window
            self._made.append(now)
            return None
