"""Whom the embedded PostgreSQL runs as. It refuses to run as root, so root lends it an account of its own.

The wheel can do this too, but it opens every folder on the way to the data (`/root` among them) for everybody
to read. Here folders get the search bit at most: it lets the account pass through and shows nobody a listing.
"""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bot.errors import UserError

ACCOUNT = "pgserver"
"""The account that the wheel uses too, so that a machine gets one of them at most."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who runs the server. `switch` is what `subprocess` needs to become that account: nothing for ordinary
    users.
    """

    uid: int
    gid: int
    switch: bool
    """Whether programs must be started as this account, because the caller is root."""


def account() -> Account:
    """The account for the server: the caller's own, or `pgserver` for root (created when missing).

    Raises UserError when root cannot create it.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), switch=False)
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        entry = _created()
    return Account(uid=entry.pw_uid, gid=entry.pw_gid, switch=True)


def _created() -> pwd.struct_passwd:
    """The new account, without a home, a password or a shell. Two processes may try at once: the account
    decides.
    """
    tool = shutil.which("useradd")
    if tool is None:
        raise UserError(_advice("there is no useradd"))
    command = [tool, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise UserError(_advice(done.stderr.strip() or "useradd failed")) from None


def _advice(why: str) -> str:
    return (
        f"PostgreSQL does not run as root, and the account {ACCOUNT} for it could not be created ({why}): "
        "run Lockstep as an ordinary user, or set DATABASE_URL"
    )


def hand_over(folder: Path, owner: Account) -> None:
    """Lets the account into `folder` (mode 0710, its group) and through the folders above it (search bit
    only).
    """
    if os.geteuid() != 0:
        return
    os.chown(folder, 0, owner.gid)
    folder.chmod(0o710)
    _open_way(folder)


def let_use(programs: Path, owner: Account) -> None:
    """Lets the account run the wheel's programs when the wheel was installed under a strict umask."""
    if owner.uid == os.geteuid():
        return
    _open_way(programs)
    root = programs.parent
    if (programs / "postgres").stat().st_mode & stat.S_IXOTH and root.stat().st_mode & stat.S_IXOTH:
        return
    for folder, _names, files in os.walk(root):
        _allow(Path(folder), stat.S_IROTH | stat.S_IXOTH)
        for name in files:
            path = Path(folder, name)
            _allow(path, stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))


def _open_way(folder: Path) -> None:
    for above in folder.parents:
        _allow(above, stat.S_IXOTH)


def _allow(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits != bits:
        log.info("embedded PostgreSQL: %s becomes mode %o so that %s can pass", path, mode | bits, ACCOUNT)
        path.chmod(mode | bits)
