"""Writes a folder completely or not at all: into a new folder beside it, which then takes its place in one step.

Whoever looks at the folder, at any moment and after any kill of the writer, sees the old one or the new one. Files of
the old one that the writer does not own are carried over. After a power cut the hashes in bundle.json tell: syncing
thousands of small files would take longer than rendering them.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.adapters.alerts.folder import FolderRefused

_LIBC = ctypes.CDLL(None, use_errno=True)
_AT_FDCWD = -100
_EXCHANGE = 2
"""`RENAME_EXCHANGE` of Linux' renameat2(2): two names change places, in one step."""
MAX_CARRIED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The new folder while it is filled."""

    folder: Path

    def write(self, name: str, data: bytes) -> None:
        """Put one file; `name` is a path with `/` below the folder."""
        if not is_inside(name):
            raise FolderRefused(f"{name}: is not a path inside the bundle")
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def is_inside(name: str) -> bool:
    """Whether a name from a file is a plain path below a folder."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\0" not in name


@contextmanager
def staged(output: Path, *, owned: Collection[str]) -> Iterator[Stage]:
    """Fill a new folder in the `with` block; it takes the place of `output` at its end, or nothing changes.

    `owned` are the files of the folder that stands there which are not to be carried over: an earlier render's.
    Raises FolderRefused when the folder cannot be written.
    """
    target = Path(os.path.abspath(output))
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise FolderRefused(f"{output}: is not a folder; name the folder that the bundle is to be in")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.parent):
            _sweep(target)
            fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=_prefix(target)))
            try:
                fresh.chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o777 & ~_umask())
                yield Stage(folder=fresh)
                _carry_over(target, fresh, owned)
                _swap(fresh, target)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise FolderRefused(f"{output}: cannot be written: {error.strerror}") from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time: what lies about half-finished then belongs to nobody."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _prefix(target: Path) -> str:
    return f".{target.name}.lockstep-"


def _sweep(target: Path) -> None:
    """Remove what a killed writer left."""
    for left in target.parent.glob(f"{_prefix(target)}*"):
        shutil.rmtree(left, ignore_errors=True)


def _carry_over(target: Path, fresh: Path, owned: Collection[str]) -> None:
    count = 0
    for folder, folders, files in os.walk(target):
        for name in [*files, *(each for each in folders if Path(folder, each).is_symlink())]:
            path = Path(folder, name)
            below = path.relative_to(target)
            new = fresh / below
            if below.as_posix() in owned or os.path.lexists(new):
                continue
            count += 1
            if count > MAX_CARRIED:
                raise FolderRefused(f"{target}: holds many files that are no bundle's; name an empty folder")
            new.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, new, follow_symlinks=False)


def _swap(fresh: Path, target: Path) -> None:
    """`fresh` becomes `target`; what stood there is afterwards where `fresh` was."""
    if not target.exists():
        fresh.rename(target)
        return
    exchange = getattr(_LIBC, "renameat2", None)
    if exchange is not None:
        if exchange(_AT_FDCWD, os.fsencode(fresh), _AT_FDCWD, os.fsencode(target), _EXCHANGE) == 0:
            return
        if ctypes.get_errno() not in (errno.ENOSYS, errno.EINVAL):
            raise OSError(
                ctypes.get_errno(), f"{os.strerror(ctypes.get_errno())} (name a folder inside a mount)"
            )
    # A system that cannot exchange: the old folder goes aside first, and comes back if the new one cannot.
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=_prefix(target)))
    target.rename(aside / "old")
    try:
        fresh.rename(target)
    except OSError:
        (aside / "old").rename(target)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
