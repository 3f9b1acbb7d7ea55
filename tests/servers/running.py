"""A real Prometheus or Alertmanager on a free port of this machine, with storage of its own."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests


@dataclass(slots=True, kw_only=True)
class Running:
    """A server of its own in `folder`, which answers at `url` while it runs."""

    url: str
    command: list[str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, also after it was killed, with the data that it had; returns when `/-/ready` answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if requests.get(f"{self.url}/-/ready", timeout=1).status_code == 200:
                    return
            except requests.ConnectionError:
                pass  # it is still starting
            time.sleep(0.05)
        said = (self.folder / "log").read_text(errors="replace")[-2000:]
        pytest.fail(f"{self.url} did not start:\n{said}", pytrace=False)

    def kill(self) -> None:
        """Ends it as a crash would; returns when it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def binary(*names: str) -> str:
    """The path of the first of these programs; the test fails with what to do when none is installed."""
    found = next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.fail(f"{names[0]} is not installed: run `make tools` (needs .ci/packages)", pytrace=False)
    return found


def free_port() -> int:
    """A port that nothing listens on, below those that the kernel gives out by itself: none of the many connections
    that tests make meanwhile takes it, and of its own kind it is one of 20,000."""
    while True:
        port = random.randrange(10_000, 30_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@contextmanager
def running(command: list[str], url: str, folder: Path) -> Iterator[Running]:
    """Starts the command; it is gone afterwards."""
    server = Running(url=url, command=command, folder=folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def prometheus(folder: Path, openmetrics: str) -> Iterator[Running]:
    """A Prometheus that holds exactly these samples and scrapes nothing."""
    (folder / "data.om").write_text(openmetrics)
    (folder / "prometheus.yml").write_text("global: {}\n")
    subprocess.run(
        [binary("promtool"), "tsdb", "create-blocks-from", "openmetrics", "data.om", "data"],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=60,
    )
    port = free_port()
    command = [
        binary("prometheus"),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server


@contextmanager
def alertmanager(folder: Path) -> Iterator[Running]:
    """An Alertmanager in which an alert `Outage` inhibits all others of its environment."""
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: nobody}\n"
        "receivers: [{name: nobody}]\n"
        "inhibit_rules:\n"
        "  - {source_matchers: [alertname=Outage], target_matchers: [alertname!=Outage], equal: [environment]}\n"
    )
    port = free_port()
    command = [
        binary("prometheus-alertmanager", "alertmanager"),
        "--config.file=alertmanager.yml",
        "--storage.path=data",
        "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, f"http://127.0.0.1:{port}", folder) as server:
        yield server
