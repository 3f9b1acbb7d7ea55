"""A limit on how long a client may take to send a body, however it spreads its bytes.

A timeout on the socket starts anew with each byte, so somebody who sends one every few seconds would hold a thread
for days. One thread in each process closes the reading side of connections that are overdue.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_LOOKS_EVERY = 0.25


class Patience:
    """Gives every connection `seconds` from the moment it is watched."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: dict[socket.socket, float] = {}
        self._guard = threading.Lock()
        self._pid = 0

    @contextmanager
    def over(self, connection: socket.socket) -> Iterator[None]:
        """While the block runs; an overdue connection reads as if the client had ended there."""
        if self._pid != os.getpid():
            self._start()
        with self._guard:
            self._ends[connection] = time.monotonic() + self._seconds
        try:
            yield
        finally:
            with self._guard:
                self._ends.pop(connection, None)

    def _start(self) -> None:
        """On first use in a process: threads do not survive a fork."""
        with self._guard:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._look, name="patience", daemon=True).start()

    def _look(self) -> None:
        wait = threading.Event()
        while not wait.wait(_LOOKS_EVERY):
            now = time.monotonic()
            with self._guard:
                for connection in [each for each, end in self._ends.items() if end < now]:
                    del self._ends[connection]
                    with suppress(OSError):  # closed by the client in this moment
                        connection.shutdown(socket.SHUT_RD)
