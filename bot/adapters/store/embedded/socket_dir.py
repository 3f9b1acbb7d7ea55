"""Where the embedded server's Unix socket lives. The kernel takes about 100 bytes of path, homes can be
longer.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from bot.adapters.store.embedded.account import Account
from bot.errors import UserError

PORT = 5432
"""Only part of a name here: nothing listens on a network."""
NAME = f".s.PGSQL.{PORT}"
LIMIT = 103
"""Bytes of a socket path that every Unix takes: macOS 103, Linux 107 (unix(7), `sun_path`)."""


def socket_dir(home: Path, owner: Account) -> Path:
    """The socket's folder, created: `home/run`, or a short private one in the temporary folder.

    Raises UserError when the short one belongs to somebody else, or is too long as well.
    """
    inside = home / "run"
    if _fits(inside):
        inside.mkdir(mode=0o700, exist_ok=True)
        _own(inside, owner)
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    short = Path(tempfile.gettempdir(), f"lockstep-{owner.uid}-{digest}")
    if not _fits(short):
        raise UserError(
            f"LOCKSTEP_HOME ({home}) and the temporary folder are both too long for a Unix socket "
            f"({LIMIT} bytes): choose a shorter LOCKSTEP_HOME"
        )
    short.mkdir(mode=0o700, exist_ok=True)
    _refuse_strangers(short, owner)
    _own(short, owner)
    return short


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / NAME)) <= LIMIT


def _own(folder: Path, owner: Account) -> None:
    if os.geteuid() == 0:
        os.chown(folder, owner.uid, owner.gid)


def _refuse_strangers(folder: Path, owner: Account) -> None:
    """Anybody can create names in the temporary folder; a folder that is not ours could hold somebody else's
    server.
    """
    found = folder.lstat()
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    if not private or found.st_uid not in (owner.uid, os.geteuid()):
        raise UserError(f"{folder} belongs to somebody else: remove it, or choose a shorter LOCKSTEP_HOME")
