"""A limit on how long the database may keep silent.

`statement_timeout` is kept by the server, and a server that hangs keeps nothing; so one thread hangs up on
connections whose answer is overdue.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Watch:
    """Hangs up on connections whose time is over."""

    def __init__(self) -> None:
        self._ends: dict[int, float] = {}
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        self._pid = 0

    @contextmanager
    def over(self, descriptor: int, seconds: float) -> Iterator[None]:
        """Gives a connection, by its socket, so many seconds for the block; after a hang-up, it raises there."""
        if self._pid != os.getpid():
            self._start()
        with self._guard:
            self._ends[descriptor] = time.monotonic() + seconds
        try:
            yield
        finally:
            with self._guard:
                self._ends.pop(descriptor, None)

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped.set()

    def _start(self) -> None:
        """On first use in a process: threads do not survive a fork, and web servers fork."""
        with self._guard:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
            threading.Thread(target=self._look, name="database-watch", daemon=True).start()

    def _look(self) -> None:
        while not self._stopped.wait(0.25):
            now = time.monotonic()
            with self._guard:
                # Under the guard: the owner cannot close the descriptor, and another one take its number, meanwhile.
                for descriptor in [each for each, end in self._ends.items() if end < now]:
                    del self._ends[descriptor]
                    _hang_up(descriptor)


def _hang_up(descriptor: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)
