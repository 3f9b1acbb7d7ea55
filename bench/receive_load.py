"""Sends signed deliveries over kept-alive connections and times the answers.

`python -m bench.receive_load PORT SECRET COUNT RATE`: COUNT deliveries in all; RATE a second (0: as fast as the
answers come). Prints one line of JSON: `seconds`, `statuses`, and latencies in milliseconds. At a rate, a delivery's
time runs from when it was due, so that a stall is not hidden by sending less. Loopback only.
"""

from __future__ import annotations

import collections
import json
import re
import selectors
import socket
import sys
import time
import uuid

from bench.payloads import signed

CONNECTIONS = 16
LONGEST = 60.0
"""Seconds after which it gives up, whatever is outstanding."""


class Load:
    """One run."""

    def __init__(self, port: int, secret: str, count: int, rate: float) -> None:
        self._requests = signed(secret, port)
        self._count = count
        self._interval = 1 / rate if rate else 0.0
        self._selector = selectors.DefaultSelector()
        self._idle: collections.deque[socket.socket] = collections.deque()
        self._since: dict[socket.socket, float] = {}
        self._answers: dict[socket.socket, bytes] = {}
        self._sent = 0
        self.statuses: collections.Counter[str] = collections.Counter()
        self.latencies: list[float] = []
        for _ in range(CONNECTIONS):
            line = socket.create_connection(("127.0.0.1", port), timeout=LONGEST)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(line, selectors.EVENT_READ)
            self._idle.append(line)

    def run(self) -> float:
        """Seconds from the first delivery to the last answer."""
        began = time.perf_counter()
        while len(self.latencies) < self._count and time.perf_counter() - began < LONGEST:
            self._send_what_is_due(began)
            wait = 1.0
            if self._sent < self._count and self._idle:
                wait = max(0.0, began + self._sent * self._interval - time.perf_counter())
            for key, _ in self._selector.select(wait):
                self._take(key.fileobj)
        return time.perf_counter() - began

    def _send_what_is_due(self, began: float) -> None:
        while self._idle and self._sent < self._count:
            due = began + self._sent * self._interval
            now = time.perf_counter()
            if due > now:
                return
            before, after = self._requests[self._sent % len(self._requests)]
            line = self._idle.popleft()  # in turns, or the server closes those that are never used
            self._since[line] = due if self._interval else now
            line.sendall(before + str(uuid.uuid4()).encode() + after)
            self._sent += 1

    def _take(self, line: socket.socket) -> None:
        """Takes what has come of an answer; head and body may be sent apart."""
        piece = line.recv(65536)
        if not piece:
            raise ConnectionError("the server closed a connection")
        answer = self._answers.pop(line, b"") + piece
        head, found, body = answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *([0-9]+)", head)
        if not found or length is None or len(body) < int(length[1]):
            self._answers[line] = answer
            return
        self.latencies.append(time.perf_counter() - self._since.pop(line))
        self.statuses[head[9:12].decode()] += 1
        self._idle.append(line)


def main() -> None:
    """Runs once and prints what came of it."""
    port, secret, count, rate = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    load = Load(port, secret, count, rate)
    seconds = load.run()
    ordered = sorted(load.latencies)
    quantile = {
        name: ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000
        for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    }
    print(json.dumps({"seconds": seconds, "statuses": load.statuses, **quantile}))


if __name__ == "__main__":
    main()
