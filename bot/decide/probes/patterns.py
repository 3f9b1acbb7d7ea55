"""Which files a pattern in a test or a configuration names, inside the repository only (attack case 50).

The patterns are Go's `filepath.Glob`: `*`, `?` and `[…]`, none of which crosses a `/`.
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase

from bot.decide import text
from bot.model.probes import Files

MAX_FOUND = 5_000
_MAGIC = re.compile(r"[*?\[\\]")
_DRIVE = re.compile(r"[A-Za-z]:")


class OutsideError(ValueError):
    """The pattern leaves the repository, or is none. The text says what is wrong with it."""


def resolved(pattern: str, *, folder: str, files: Files) -> list[str]:
    """The files that `pattern` names, seen from `folder`; raises OutsideError when it leads out of the repository."""
    return matches(inside(pattern, folder=folder), files)


def inside(pattern: str, *, folder: str) -> str:
    """The pattern from the repository's root; raises OutsideError for absolute ones and those that climb out."""
    shown = text.truncate(text.visible(pattern), 120, "…")
    if not pattern or "\0" in pattern or "\n" in pattern:
        raise OutsideError(f"{shown!r} is no path; write one from here, such as ../api.yml")
    if pattern.startswith(("/", "~")) or _DRIVE.match(pattern):
        raise OutsideError(f"{shown!r} is absolute; write the path from this file, inside the repository")
    path = posixpath.normpath(posixpath.join(folder, pattern))
    if path == ".." or path.startswith(("../", "/")):
        raise OutsideError(f"{shown!r} leads out of the repository; name a file inside it")
    return path


def matches(path: str, files: Files) -> list[str]:
    """The files that a pattern from the root matches, sorted; at most MAX_FOUND, else OutsideError."""
    folders = [""]
    *parts, last = path.split("/")
    for part in parts:
        folders = [
            posixpath.join(folder, name.rstrip("/"))
            for folder in folders
            for name in _fitting(part, folder, files)
            if name.endswith("/")
        ]
        _bound(folders)
    found = [
        posixpath.join(folder, name)
        for folder in folders
        for name in _fitting(last, folder, files)
        if not name.endswith("/")
    ]
    _bound(found)
    return sorted(found)


def _bound(found: list[str]) -> None:
    if len(found) > MAX_FOUND:
        raise OutsideError(f"matches more than {MAX_FOUND} files; name fewer")


def _fitting(part: str, folder: str, files: Files) -> list[str]:
    names = files.entries(folder)
    if not _MAGIC.search(part):
        return [name for name in names if name.rstrip("/") == part]
    glob = re.sub(r"\\(.)", lambda found: f"[{found.group(1)}]", part).replace("[^", "[!")
    return [name for name in names if fnmatchcase(name.rstrip("/"), glob)]


def literal(path: str) -> str:
    """A path as a pattern that means exactly it."""
    return _MAGIC.sub(lambda found: "\\" + found.group(), path)
