"""A server in a process of its own, and hands to talk to it."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.servers.running import free_port
from tests.web.fakes import headers

ROOT = Path(__file__).parents[2]
WORKERS = 2
"""How many `lockstep serve` has."""


class Served:
    """A running server."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process

    def post(self, raw: bytes, **changed: str | None) -> int:
        """The status of a delivery on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("POST", "/webhook", raw, headers(raw, **changed))
            return connection.getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            return connection.getresponse().status  # refused while we were still sending
        finally:
            connection.close()

    def get(self, path: str) -> str:
        """The text of a page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        text = connection.getresponse().read().decode()
        connection.close()
        return text

    def raw(self, text: bytes) -> bytes:
        """All that the server answers to these bytes until it closes the connection (it must, in 3 seconds)."""
        with self.connect() as line:
            line.sendall(text)
            answer = line.recv(65536)
            line.settimeout(3)
            while more := line.recv(65536):
                answer += more
        return answer

    def connect(self) -> socket.socket:
        """A connection of one's own."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def workers(self) -> list[psutil.Process]:
        """The processes that receive."""
        return psutil.Process(self.process.pid).children()

    def is_settled(self) -> bool:
        """Whether both workers are there and have nothing to do."""
        before = [sum(worker.cpu_times()[:2]) for worker in self.workers()]
        time.sleep(0.3)
        return len(before) == WORKERS and before == [sum(worker.cpu_times()[:2]) for worker in self.workers()]

    def memory(self) -> int:
        """Resident bytes of all workers."""
        return sum(worker.memory_info().rss for worker in self.workers())


def start(tmp_path: Path, module: str, *arguments: str, **settings: str) -> Served:
    """Runs a module with `PORT` in its environment; `tmp_path` holds its temporary files."""
    port = free_port()
    command = [sys.executable, "-m", module, *arguments]
    environ = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "PORT": str(port), **settings}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE)
    return Served(port, process)


def started(tmp_path: Path, module: str, *arguments: str, **settings: str) -> Served:
    """The same, once it answers and all its workers have loaded what they need."""
    served = start(tmp_path, module, *arguments, **settings)
    until = time.monotonic() + 60
    while time.monotonic() < until and served.process.poll() is None:
        try:
            served.get("/live")
        except OSError:
            time.sleep(0.05)
            continue
        if served.is_settled():
            return served
    served.process.kill()
    raise AssertionError(served.process.communicate()[1].decode())
