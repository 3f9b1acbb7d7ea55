"""One reading of the store for everybody who asks at once: a public page must not be a way to tire the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from bot.errors import Retryable

FRESH = 1.0
"""Seconds for which one reading of the store serves everybody who asks this process."""
WAITS = 1.0
"""Seconds that a reader waits for another one's reading: the threads that wait are those that receive webhooks."""


class Fresh:
    """One reading at a time, kept for FRESH seconds. Raises Retryable when another one's takes too long."""

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._until = 0.0
        self._found: dict[str, Any] = {}

    def __call__(self) -> dict[str, Any]:
        if not self._lock.acquire(timeout=WAITS):
            raise Retryable("the database is slow and others are waiting for it")
        try:
            if time.monotonic() >= self._until:
                self._found = self._read()
                self._until = time.monotonic() + FRESH
            return self._found
        finally:
            self._lock.release()
