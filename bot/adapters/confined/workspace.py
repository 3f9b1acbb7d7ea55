"""A temporary folder with the files that a checker may see, and the way to run it there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.errors import UserError
from bot.model.probes import Said

_LAUNCH = Path(__file__).with_name("launch.py")
MAX_SAID = 4 << 20
"""Bytes of what a program prints that are read."""
_VERSION = re.compile(r"version (\d+(?:\.\d+)*)")
_OUT_OF_MEMORY = ("out of memory", "cannot allocate memory", "pthread_create failed")


class ProgramMissing(UserError):
    """A checker is not installed. The text says how to install it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may take: seconds on the clock, megabytes of memory."""

    seconds: int = 300
    megabytes: int = 1024
    together: int = 900
    """Seconds for all runs of one call: what is not started by then is not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The folder: `root` holds the files, `scratch` is for the program's own."""

    root: Path
    scratch: Path
    limits: Limits
    opened: float

    def run(self, program: Path, arguments: Sequence[str]) -> Said:
        """Run the program in the folder and read what it prints; never raises for what it does."""
        started = time.monotonic()
        if started - self.opened > self.limits.together:
            why = f"was not started: the {self.limits.together} s for all runs together are spent"
            return Said(code=-1, text="", trouble=why)
        with (
            tempfile.TemporaryDirectory(dir=self.scratch) as own,
            tempfile.TemporaryFile(dir=self.scratch) as out,
        ):
            environment = {
                "HOME": own,
                "TMPDIR": own,
                "PATH": "/nonexistent",
                "LC_ALL": "C.UTF-8",
                "TZ": "UTC",
            }
            # Its threads may use every processor for as long as the clock allows.
            processor = self.limits.seconds * (os.cpu_count() or 1)
            given = [str(self.limits.megabytes), str(processor), "", str(program), *arguments]
            process = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
                [sys.executable, "-I", "-S", str(_LAUNCH), *given],
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
            trouble = ""
            try:
                code = process.wait(self.limits.seconds)
            except subprocess.TimeoutExpired:
                trouble = f"timed out after {self.limits.seconds} s"
            finally:
                kill(process.pid)
                code = process.wait()
            out.seek(0)
            said = out.read(MAX_SAID).decode("utf-8", "replace")
        return Said(
            code=code,
            text=said.replace(str(self.root) + "/", ""),
            trouble=trouble or _trouble(code, said),
            seconds=round(time.monotonic() - started, 3),
        )


def kill(group: int) -> None:
    """End the program and all that it started."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return  # it has ended


def _trouble(code: int, said: str) -> str:
    """Why a run is no answer; empty when it is one."""
    if any(sign in said for sign in _OUT_OF_MEMORY) and code != 0:
        return "ran out of memory"
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "took more processor time or memory than it may"
    if code == -signal.SIGXFSZ:
        return "wrote more than it may"
    if code < 0 or "\ngoroutine " in said or said.startswith(("panic:", "fatal error:")):
        return "crashed"
    return ""


@contextmanager
def workspace(files: Mapping[str, bytes], limits: Limits) -> Iterator[Workspace]:
    """A folder with these files, gone at the end. Names are plain paths with `/`; others raise ValueError."""
    with tempfile.TemporaryDirectory(prefix="lockstep-probe-") as name:
        root, scratch = Path(name, "files"), Path(name, "scratch")
        root.mkdir()
        scratch.mkdir()
        for path, data in files.items():
            pure = PurePosixPath(path)
            if pure.is_absolute() or ".." in pure.parts or not pure.parts or "\0" in path:
                raise ValueError(f"{path!r} is not a path inside the folder")
            target = root / pure
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        yield Workspace(root=root, scratch=scratch, limits=limits, opened=time.monotonic())


def program(name: str, *, given: str | None, package: str) -> Path:
    """Where the program is: as given, or on the PATH. Raises ProgramMissing, which says how to install it."""
    found = shutil.which(given or name)
    if found is None:
        where = f"{given}: no such program" if given else f"{name} is not installed"
        raise ProgramMissing(
            f"{where}. Debian and Ubuntu: apt-get install --no-install-recommends {package}; macOS: brew install "
            f"{package.removeprefix('prometheus-')}; elsewhere: it comes with the archive "
            f"at https://prometheus.io/download/. Or name it with --{name} PATH"
        )
    return Path(found).absolute()


def version_of(path: Path, limits: Limits) -> str:
    """The version that a program of the Prometheus family tells; empty when it tells none."""
    with workspace({}, limits) as here:
        found = _VERSION.search(here.run(path, ["--version"]).text)
    return found.group(1) if found else ""
