"""Reads a folder of rule files: YAML files by name, in a fixed order, no symbolic links, within limits."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from bot.errors import UserError

ENDINGS = (".yml", ".yaml", ".rules")
MAX_FILES = 20_000
MAX_BYTES = 16 * 1024 * 1024
"""Of one file: what the parser takes."""


class FolderRefused(UserError):
    """A folder, or a file in it, that is not read. The text names the path and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFolder:
    """A folder, or one file. `exclude` are globs on paths below it; names are paths with `/`."""

    root: Path
    exclude: tuple[str, ...] = ()
    _names: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        """The rule files below the folder, sorted. Hidden files and folders are left out.

        Raises FolderRefused when the folder is missing, a symbolic link or special file is in the way, or there are
        too many files.
        """
        if not self._names:
            self._names.extend(sorted(self._listed()))
        return self._names

    def read(self, name: str) -> bytes:
        """The bytes of one file; raises FolderRefused for what is no plain file, or too large."""
        path = self._path(name)
        try:
            # Neither follows a link put there meanwhile nor waits on a pipe.
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as stream:
                status = os.fstat(stream.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise FolderRefused(f"{path}: is not a plain file; remove it")
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            raise FolderRefused(f"{path}: {error.strerror}") from error
        if len(data) > MAX_BYTES:
            raise FolderRefused(f"{path}: is larger than {MAX_BYTES >> 20} MiB; split the file")
        return data

    def optional(self, name: str) -> bytes | None:
        """The bytes of a file that may be missing."""
        return self.read(name) if self._path(name).is_symlink() or self._path(name).exists() else None

    def _path(self, name: str) -> Path:
        return self.root if self.root.is_file() and name == self.root.name else self.root / name

    def _listed(self) -> Iterator[str]:
        if self.root.is_file():
            yield self.root.name
            return
        if not self.root.is_dir():
            raise FolderRefused(f"{self.root}: no such folder; name the one with the rule files")
        count = 0
        for folder, folders, files in os.walk(self.root, onerror=_fail):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in [*folders, *sorted(files)]:
                path = Path(folder, name)
                below = path.relative_to(self.root).as_posix()
                if any(
                    fnmatch(below, glob) or fnmatch(below, f"{glob.rstrip('/')}/*") for glob in self.exclude
                ):
                    continue
                wanted = name.lower().endswith(ENDINGS) and not name.startswith(".")
                if path.is_symlink() and (wanted or name in folders):
                    raise FolderRefused(
                        f"{path}: is a symbolic link; put the file itself there, or --exclude it"
                    )
                if name in folders or not wanted:
                    continue
                count += 1
                if count > MAX_FILES:
                    raise FolderRefused(
                        f"{self.root}: holds more than {MAX_FILES} rule files; name a smaller folder"
                    )
                if not _is_utf8(below):
                    raise FolderRefused(f"{self.root}: the file name {below!r} is not UTF-8; rename it")
                yield below


def _is_utf8(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _fail(error: OSError) -> None:
    raise FolderRefused(f"{error.filename}: {error.strerror}") from error
