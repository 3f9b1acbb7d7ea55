"""Asks Git which commit a folder stands at; a folder outside Git, or a machine without it, has none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 20
"""Seconds for one question."""
_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/]*@)?|(?:[\w.-]+@)?)(?P<host>[\w.-]+)(?::\d+)?[:/](?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The commit of a work tree, the folder's path in it, and whether files of the folder differ from it."""

    sha: str
    path: str
    changed: bool


def source_commit(folder: Path) -> Commit | None:
    """The commit that `folder` (or the file's folder) is checked out at, or None."""
    place = folder if folder.is_dir() else folder.parent
    root = _ask(place, "rev-parse", "--show-toplevel")
    sha = _ask(place, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if root is None or sha is None:
        return None
    changes = _ask(place, "status", "--porcelain", "--untracked-files=all", "--", str(folder.absolute()))
    path = os.path.relpath(folder.resolve(), Path(root).resolve())
    return Commit(sha=sha, path=Path(path).as_posix(), changed=changes != "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A work tree's top folder, and where it is published: host and `owner/name`, None when no remote tells."""

    root: Path
    host: str = "github.com"
    name: str | None = None


def home_of(folder: Path) -> Home | None:
    """The repository around `folder` (or the file's folder); None outside Git."""
    place = folder if folder.is_dir() else folder.parent
    root = _ask(place, "rev-parse", "--show-toplevel")
    if root is None:
        return None
    found = _REMOTE.fullmatch(_ask(place, "config", "--get", "remote.origin.url") or "")
    if found is None:
        return Home(root=Path(root))
    return Home(root=Path(root), host=found.group("host").lower(), name=found.group("name"))


def _ask(place: Path, *words: str) -> str | None:
    """Git's answer without its last line break; None when it has none."""
    program = shutil.which("git")
    if program is None:
        return None
    # A repository's own configuration names programs to run: none of them is.
    quiet = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, words of ours, no shell
            [program, *quiet, "-C", str(place), *words],
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").rstrip("\n") if done.returncode == 0 else None
