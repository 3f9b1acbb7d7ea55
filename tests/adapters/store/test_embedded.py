"""The embedded PostgreSQL: started once by whoever comes first, back after a kill, gone with the last user."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.queues import Queue
from pathlib import Path

import psutil
import psycopg
import pytest

from bot.adapters.queue import Pace, Worker
from bot.adapters.store import Store, embedded, open_store, stop_embedded
from bot.adapters.store.embedded import server as server_module
from bot.adapters.store.embedded.account import account
from bot.adapters.store.embedded.socket_dir import LIMIT, NAME, socket_dir
from bot.errors import LockstepError, Retryable, UserError
from tests.adapters.store.test_inbox import NOW, a_delivery

NOBODY = 65534
USER = """
import sys
from pathlib import Path
from bot.adapters.store import embedded
print(embedded.ensure(Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Where:
    home: Path
    database_url: str | None = None


def new_home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="lockstep-home-"))
    yield folder / "home"
    stop_embedded(folder / "home")
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home that this process uses itself, for several tests: making one takes a second."""
    yield from new_home()


@pytest.fixture(scope="module")
def others_home() -> Iterator[Path]:
    """A home that only other processes use."""
    yield from new_home()


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """A home that does not exist yet."""
    yield from new_home()


def a_user(home: Path) -> subprocess.Popen[str]:
    """A process that uses the server until its standard input ends."""
    command = [sys.executable, "-c", USER, str(home)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().split("\n")[0])


def is_running(home: Path) -> bool:
    return (home / "postgres" / "postmaster.pid").exists()


def test_two_processes_that_start_at_once_share_one_server(others_home: Path) -> None:
    users = [a_user(others_home) for _ in range(3)]
    said = [user.stdout.readline() if user.stdout else "" for user in users]
    assert len(set(said)) == 1
    assert "host=" in said[0]
    for user in users:
        user.communicate()


def test_the_server_stays_while_somebody_uses_it_and_ends_with_the_last(others_home: Path) -> None:
    one, two = a_user(others_home), a_user(others_home)
    for user in (one, two):
        assert user.stdout
        user.stdout.readline()
    one.communicate()
    assert is_running(others_home)
    two.communicate()
    assert not is_running(others_home)


def test_a_killed_user_does_not_keep_the_server_for_ever(others_home: Path) -> None:
    one, two = a_user(others_home), a_user(others_home)
    for user in (one, two):
        assert user.stdout
        user.stdout.readline()
    one.kill()
    one.communicate()
    two.communicate()
    assert not is_running(others_home)


def test_data_is_there_again_after_the_database_was_killed_and_the_pool_recovers(home: Path) -> None:
    with open_store(Where(home)) as store:
        store.inbox.receive(a_delivery("before"), b"{}", NOW)
        kill_server(home)
        eventually(lambda: store.inbox.receive(a_delivery("after"), b"{}", NOW))
        # The first answer may come from a child of the killed server, which has not noticed yet.
        eventually(lambda: store.inbox.pending("pull:1:2:3"))
        assert [each.id for each in store.inbox.pending("pull:1:2:3")] == ["after", "before"]


def eventually(act: object, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            act()  # type: ignore[operator]
        except Retryable:
            assert time.monotonic() < end, "the store did not recover"
            threading.Event().wait(0.1)
        else:
            return


def test_connections_that_the_server_ended_are_replaced_without_an_error(home: Path) -> None:
    with open_store(Where(home)) as store:
        store.queue.wake("s")
        with psycopg.connect(embedded.ensure(home), autocommit=True) as owner:
            owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lockstep'"
            )
        store.health.check()


def test_case_14_a_database_that_hangs_is_given_up_within_five_seconds(home: Path) -> None:
    with open_store(Where(home)) as store:
        store.queue.wake("s")
        backends = [
            process for process in psutil.Process(postmaster(home)).children() if idle_client(process)
        ]
        assert backends
        for process in backends:
            process.suspend()
        began = time.monotonic()
        try:
            with pytest.raises(Retryable):
                give_up(store)
            assert time.monotonic() - began < 5.0
        finally:
            for process in backends:
                process.resume()


def idle_client(process: psutil.Process) -> bool:
    return "postgres postgres [local]" in " ".join(process.cmdline())


def give_up(store: Store) -> None:
    """Only suspended connections are left to ask: new ones would be answered."""
    store.database.once(lambda connection: connection.execute("select 1"))


def test_a_process_number_that_somebody_else_has_now_does_not_stop_the_start(home: Path) -> None:
    embedded.ensure(home)
    kill_server(home)
    pid_file = home / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with psycopg.connect(embedded.ensure(home)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_half_made_data_folder_of_a_killed_start_is_cleared_away(fresh_home: Path) -> None:
    (fresh_home / "initdb-dead").mkdir(parents=True)
    (fresh_home / "initdb-dead" / "PG_VERSION").write_text("18\n")
    embedded.ensure(fresh_home)
    assert not list(fresh_home.glob("initdb-*"))


def test_a_long_home_gets_a_short_socket(fresh_home: Path) -> None:
    long = fresh_home / ("x" * 60) / ("y" * 60)
    with psycopg.connect(embedded.ensure(long)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    folder = Path(str(psycopg.conninfo.conninfo_to_dict(embedded.ensure(long))["host"]))
    assert (folder.stat().st_mode & 0o777, folder.is_relative_to(long)) == (0o700, False)
    stop_embedded(long)
    assert not folder.exists()


def test_a_short_socket_folder_that_belongs_to_somebody_else_is_refused(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = fresh_home / ("x" * 60) / ("y" * 60)
    long.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(fresh_home))
    folder = socket_dir(long, account())
    assert len(os.fsencode(folder / NAME)) <= LIMIT
    folder.chmod(0o777)
    with pytest.raises(UserError, match="belongs to somebody else"):
        socket_dir(long, account())


def test_a_home_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="LOCKSTEP_HOME"):
        embedded.ensure(tmp_path / "file" / "home")


def test_nobody_else_gets_at_the_data(home: Path) -> None:
    embedded.ensure(home)
    assert (home / "postgres").stat().st_mode & 0o077 == 0
    assert (home / "run").stat().st_mode & 0o077 == 0
    assert home.stat().st_mode & 0o027 == 0
    for connection in psutil.Process(postmaster(home)).net_connections():
        assert connection.family == socket.AF_UNIX


def test_stopping_is_quiet_when_nothing_runs(home: Path) -> None:
    stop_embedded(home)
    embedded.ensure(home)
    stop_embedded(home)
    stop_embedded(home)
    assert not is_running(home)


def test_stopping_is_quiet_when_the_server_was_killed(home: Path) -> None:
    embedded.ensure(home)
    kill_server(home)
    stop_embedded(home)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=str(home / "run"), user="postgres")


def test_a_data_folder_of_another_version_is_named(fresh_home: Path) -> None:
    (fresh_home / "postgres").mkdir(parents=True)
    (fresh_home / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(UserError, match="made by 16"):
        server_module.ensure(fresh_home)


def as_ordinary_user(home: Path, answers: Queue[str]) -> None:
    """In a forked process: gives up being root, if it is, and starts a server."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        with psycopg.connect(embedded.ensure(home)) as connection:
            connection.execute("select 1")
        stop_embedded(home)
        answers.put("it ran")
    except (LockstepError, psycopg.Error, OSError) as error:
        answers.put(repr(error))


def test_an_ordinary_user_runs_its_own_server() -> None:
    """Root becomes `nobody` for this; anybody else stays who they are."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        fork = multiprocessing.get_context("fork")
        answers: Queue[str] = fork.Queue()
        process = fork.Process(target=as_ordinary_user, args=(Path(folder, "home"), answers))
        process.start()
        assert answers.get(timeout=30) == "it ran"
        process.join()


def test_a_worker_goes_on_after_the_database_was_killed_in_mid_look(home: Path) -> None:
    seen: list[str] = []
    with open_store(Where(home)) as store:

        def handle(subject: str) -> None:
            found = [each.id for each in store.inbox.pending(subject)]
            if subject == "look:1" and not seen:
                seen.append(subject)
                kill_server(home)
            store.inbox.complete(found, "done", NOW)
            seen.append(subject)

        worker = Worker(store, handle, pace=Pace(heartbeat=0.2, stalled=1.0, trouble=1.0))
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            store.inbox.receive(a_delivery("look-1", "look:1"), b"{}", NOW)
            eventually(lambda: expect(seen))
            eventually(lambda: store.inbox.receive(a_delivery("look-2", "look:2"), b"{}", NOW))
            eventually(
                lambda: expect(not store.inbox.pending("look:1") and not store.inbox.pending("look:2"))
            )
        finally:
            worker.stop()
            thread.join(20)
        assert not thread.is_alive()


def kill_server(home: Path) -> None:
    server = psutil.Process(postmaster(home))
    server.kill()
    server.wait(10)


def expect(truth: object) -> None:
    """For `eventually`."""
    if not truth:
        raise Retryable("not yet")


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(home: Path) -> None:
    embedded.ensure(home)
    assert os.getpgid(postmaster(home)) != os.getpgid(0)
