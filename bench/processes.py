"""Lockstep's real processes for a measurement: started, killed with SIGKILL, started again, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PATIENCE = 12.0
"""Seconds between asking a process to end and killing it."""


class Service:
    """`python -m bot <arguments>` in a session of its own: whatever it starts belongs to its process group."""

    def __init__(self, name: str, arguments: Sequence[str], home: Path, settings: Mapping[str, str]) -> None:
        self.name = name
        self.log = home / f"{name}.log"
        self._command = [sys.executable, "-m", "bot", *arguments]
        self._home = home
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TMPDIR") if key in os.environ}
        self._environment = kept | {"PYTHONPATH": str(HERE), "NO_PROXY": "*"} | dict(settings)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it; the log goes on where it was. It works in the home, where no `.env` of the user lies."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._home,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """SIGKILL to the whole group, as when a machine or container goes away."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None  # its number may soon be somebody else's: never signalled again

    def stop(self) -> None:
        """Asks it to end, then kills what is left of the group."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
        self.kill()

    def tail(self, lines: int = 20) -> str:
        """The last lines that it wrote."""
        return (
            "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])
            if self.log.exists()
            else ""
        )


def kill_postgres(home: Path) -> None:
    """SIGKILL to the server of this home; its children notice and leave. Quiet when none runs."""
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int((home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGKILL)
