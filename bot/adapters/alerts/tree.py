"""A work tree on disk as a repository's files: plain files below one folder, and nothing that a link leads to."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MAX_BYTES = 16 << 20
MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFiles:
    """The files below `root`. Every step of a path is looked at, so that no link leads out (attack case 50)."""

    root: Path

    def read(self, path: str) -> bytes | None:
        """The bytes of a plain file; None when there is none, a link is in the way, or it is too large."""
        place = self._place(path)
        if place is None:
            return None
        try:
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as stream:
                if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                    return None
                data = stream.read(MAX_BYTES + 1)
        except OSError:
            return None
        return data if len(data) <= MAX_BYTES else None

    def entries(self, folder: str) -> Sequence[str]:
        """The names in a folder, sorted, folders with `/`; links and special files are left out."""
        place = self._place(folder)
        names: list[str] = []
        try:
            if place is None or not place.is_dir():
                return ()
            with os.scandir(place) as found:
                for entry in found:
                    if entry.is_dir(follow_symlinks=False):
                        names.append(f"{entry.name}/")
                    elif entry.is_file(follow_symlinks=False):
                        names.append(entry.name)
                    if len(names) > MAX_ENTRIES:
                        return ()
        except OSError:
            return ()
        return sorted(names)

    def _place(self, path: str) -> Path | None:
        """Where a path is, when it stays inside and no step of it is a link."""
        pure = PurePosixPath(path or ".")
        if pure.is_absolute() or ".." in pure.parts or "\0" in path or ".git" in pure.parts:
            return None
        here = self.root
        for part in pure.parts:
            here = here / part
            if here.is_symlink():
                return None
        return here
