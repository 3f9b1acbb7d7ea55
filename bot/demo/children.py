"""Lockstep's own processes in the trial: `lockstep serve` and `lockstep worker`, started and stopped for real."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import requests

import bot
from bot.errors import LockstepError, UserError

PATIENCE = 12.0
"""Seconds between asking a process to end and ending it; gunicorn gives running requests ten."""
KEPT = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV")
"""What a child inherits. Nothing else, so that no setting of a real installation reaches the trial."""


class ChildFailed(LockstepError):
    """One of Lockstep's processes ended, or did not get ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A running process and the file that holds what it writes."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raises ChildFailed when it has ended."""
        code = self.process.poll()
        if code is not None:
            raise ChildFailed(f"`lockstep {self.name}` ended with code {code}")

    def tail(self, lines: int = 15) -> str:
        """The last lines of its log."""
        with suppress(OSError):
            return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])
        return ""


def stop(processes: Sequence[Child]) -> None:
    """Asks all to end, and ends those, with everything that they started, that do not listen."""
    for child in processes:
        if child.process.poll() is None:
            child.process.terminate()
    end = time.monotonic() + PATIENCE
    for child in processes:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(max(end - time.monotonic(), 0.1))
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)  # a session of its own, so the group is its children
        child.process.wait()


def start(name: str, arguments: list[str], home: Path, settings: Mapping[str, str]) -> Child:
    """Starts `lockstep <name> <arguments>`. It works in the home, where no `.env` of the user lies."""
    log = home / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "bot.demo.leash", str(os.getpid()), name, *arguments],
            cwd=home,
            env=_environment(home, settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C in the terminal is ours to hand on, in order
        )
    return Child(name=name, process=process, log=log)


def run_once(words: Sequence[str], settings: Mapping[str, str]) -> int:
    """Runs `lockstep <words>` to its end with a demo's settings, in its home and at this terminal; its exit code."""
    home = Path(settings["LOCKSTEP_HOME"])
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "bot", *words], cwd=home, env=_environment(home, settings), check=False
    )
    return done.returncode


def _environment(home: Path, settings: Mapping[str, str]) -> dict[str, str]:
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    kept = {key: os.environ[key] for key in KEPT if key in os.environ}
    return kept | {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "NO_PROXY": "*",
        "PYTHONPATH": os.pathsep.join(
            [str(Path(bot.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
        ),
        **settings,
    }


def wait_ready(web: Child, url: str, seconds: float, idle: Callable[[float], None] = time.sleep) -> None:
    """Returns when `GET /ready` says 200. Raises ChildFailed when the process ends or takes longer."""
    end = time.monotonic() + seconds
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < end:
            web.check()
            with suppress(requests.RequestException):
                if session.get(f"{url}/ready", timeout=2).status_code == 200:
                    return
            idle(0.05)
    raise ChildFailed(f"`lockstep {web.name}` was not ready after {seconds:g} s")


def port(wanted: int | None) -> int:
    """The wanted port, or one that nobody listens on now. Raises UserError when the wanted one is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError as error:
            raise UserError(
                f"--port {wanted} cannot be used ({error.strerror}); leave it out for a free one."
            ) from None
        return int(probe.getsockname()[1])
