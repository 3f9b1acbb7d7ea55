"""How another terminal finds a demo that runs: a small file with its address and control token, for the user alone."""

from __future__ import annotations

import json
import os
import pwd
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from bot.errors import UserError

NONE_RUNS = "No demo is running. Start one with `lockstep demo` in another terminal."


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A demo that runs: its process, the local GitHub's address and the token that controls it."""

    pid: int
    started: float
    url: str
    token: str

    @property
    def is_alive(self) -> bool:
        """Whether that very process still runs; numbers are used again."""
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 2
        except psutil.Error:
            return False


def default_home(environ: Mapping[str, str] | None = None) -> Path:
    """LOCKSTEP_HOME, or `.lockstep` in the user's home, which the account database knows when HOME is blank."""
    given = os.environ if environ is None else environ
    if given.get("LOCKSTEP_HOME"):
        return Path(given["LOCKSTEP_HOME"]).expanduser()
    try:
        return Path(given.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir) / ".lockstep"
    except KeyError:  # a number without an account, as containers have them
        return Path(tempfile.gettempdir(), f"lockstep-{os.geteuid()}")


def announce(url: str, token: str, home: Path) -> Path | None:
    """Writes the file (mode 0600) and returns its path; None when the home cannot be written."""
    me = psutil.Process()
    running = Running(pid=me.pid, started=me.create_time(), url=url, token=token)
    folder = home / "demos"
    path = folder / f"{me.pid}.json"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        for stale in _files(folder):
            if (known := _read(stale)) is None or not known.is_alive:
                stale.unlink(missing_ok=True)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, "w") as file:
            json.dump(asdict(running), file)
    except OSError:
        return None
    return path


def leave(path: Path) -> None:
    """Takes the file away, and the folders that are empty then."""
    path.unlink(missing_ok=True)
    for folder in (path.parent, path.parent.parent):
        with suppress(OSError):
            folder.rmdir()


def newest(home: Path) -> Running:
    """The demo that was started last. Raises UserError when none runs."""
    alive = [
        known for path in _files(home / "demos") if (known := _read(path)) is not None and known.is_alive
    ]
    if not alive:
        raise UserError(NONE_RUNS)
    return max(alive, key=lambda each: each.started)


def control(running: Running, verb: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Asks the demo to do something. Raises UserError with its reason when it does not."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                f"{running.url}/_sandbox/{verb}",
                json=body,
                headers={"Authorization": f"Bearer {running.token}"},
                timeout=30,
            )
            said: dict[str, Any] = answer.json()
        except requests.RequestException as error:
            raise UserError(f"The demo at {running.url} does not answer ({type(error).__name__}).") from None
    if answer.status_code != 200:
        raise UserError(f"The demo refused: {said.get('message', answer.status_code)}")
    if "error" in said:
        raise UserError(str(said["error"]))
    return said


def _files(folder: Path) -> Iterator[Path]:
    """The files of demos, when the folder is there and the user's own: a stranger's could point anywhere."""
    if folder.is_dir() and folder.stat().st_uid == os.geteuid():
        yield from sorted(folder.glob("*.json"))


def _read(path: Path) -> Running | None:
    try:
        found = json.loads(path.read_text("utf-8"))
        return Running(
            pid=int(found["pid"]),
            started=float(found["started"]),
            url=str(found["url"]),
            token=str(found["token"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
