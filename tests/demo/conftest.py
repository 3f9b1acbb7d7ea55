"""Demos as a user starts them: processes with an empty HOME and a temporary folder of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 240.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """A HOME, and the temporary folder that everything of its demos lives under."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`lockstep demo <arguments>`, not waited for. Its output is read at the end."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(ROOT),
            "WEBHOOK_SECRET": "of a real installation",
            "DATABASE_URL": "postgresql://of-a-real-installation.invalid/db",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def processes(self) -> list[str]:
        """Command lines of everything that runs in or for this place."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                words = " ".join(process.cmdline())
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                if str(self.temporary) in words or process.cwd().startswith(str(self.temporary)):
                    found.append(words)
        return found

    def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """What `true` answers, as soon as that is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := true():
                return found
            time.sleep(0.05)
        raise AssertionError(f"not within {seconds:g} s; running: {self.processes()}")

    def running(self) -> dict[str, Any] | None:
        """What the demo of this HOME has told about itself."""
        for path in (self.home / ".lockstep" / "demos").glob("*.json"):
            with suppress(ValueError, OSError):
                return dict(json.loads(path.read_text()))
        return None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a demo ended."""

    place: Place
    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


def make_place() -> Place:
    """A new one, outside of pytest's folders: they are closed to the account that runs PostgreSQL for root."""
    place = Place(folder=Path(tempfile.mkdtemp(prefix="demo-")))
    place.home.mkdir()
    place.temporary.mkdir()
    return place


def ended(place: Place, process: subprocess.Popen[str]) -> Ended:
    """Waits for a demo's own end."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(place=place, code=process.returncode, out=out, err=err)


@pytest.fixture(scope="session")
def at_once() -> Iterator[tuple[Ended, Ended]]:
    """Two whole trips at the same time, each for a HOME of its own."""
    places = (make_place(), make_place())
    started = [place.start("--once", "--json") for place in places]
    try:
        one, two = (ended(place, process) for place, process in zip(places, started, strict=True))
        yield one, two
    finally:
        for place, process in zip(places, started, strict=True):
            process.kill()
            process.wait()
            shutil.rmtree(place.folder)


@pytest.fixture
def once(at_once: tuple[Ended, Ended]) -> Ended:
    """One whole trip."""
    return at_once[0]


@pytest.fixture
def place() -> Iterator[Place]:
    """A place for a demo of the test's own; whatever is left running there is ended."""
    made = make_place()
    yield made
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd().startswith(str(made.folder)):
                process.kill()
    shutil.rmtree(made.folder, ignore_errors=True)
