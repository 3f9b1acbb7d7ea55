"""What happened so far, second by second: printed while it goes on, and whole when something broke."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

KEPT = 400
"""Lines that a failure prints."""


class Diary:
    """Lines with their time. Safe for threads."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self.counts: Counter[str] = Counter()
        """How often each kind of thing happened."""

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def note(self, kind: str, what: str = "", *, loud: bool = False) -> None:
        """One thing happened; `loud` is said at once."""
        line = f"{self.seconds:7.1f} s  {kind}{': ' if what else ''}{what}"
        with self._lock:
            self.counts[kind] += 1
            self._lines.append(line)
        if loud:
            self._say(line)

    def story(self) -> str:
        """The last lines."""
        with self._lock:
            return "\n".join(self._lines[-KEPT:])
