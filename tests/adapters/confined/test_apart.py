"""Pure work on hostile content in a process of its own: what it may take, what it sees, what comes back."""

from __future__ import annotations

import io
import os
import pickle
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.adapters.confined import Apart, Limits
from bot.adapters.confined.apart import _Answers
from bot.errors import Terminal, TooHeavy, UserError
from bot.model.verdict import Outcome, Verdict

SMALL = Apart(limits=Limits(seconds=1, megabytes=256))


@pytest.fixture(autouse=True)
def work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Functions that the other process finds: a module beside the installed libraries."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "apart_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(folder))
    return tmp_path


WORK = """
import os, socket, time
from bot.errors import UserError
from bot.model.verdict import Outcome, Verdict

def passes(*given):
    return Verdict(gate="drift", outcome=Outcome.PASS, headline=repr(given))

def endless(*_):
    while True:
        pass

def asleep(*_):
    time.sleep(600)

def hungry(*_):
    return len(bytearray(1 << 30))

def refuses(*_):
    raise UserError("api.yml:3: correct it")

def mistaken(*_):
    return 1 // 0

def reads(path):
    try:
        return open(path).read()
    except OSError as error:
        return type(error).__name__

def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        return "no"
    return "connected"

def variables():
    return sorted(os.environ)

def asks(name, *, ask):
    return ask("files", name, "a.yml")

def strange():
    return os.system
"""


def did(name: str) -> object:
    """The function of that name."""
    import apart_work

    return getattr(apart_work, name)


def test_what_it_returns_comes_back():
    verdict = Apart()(did("passes"), datetime(2026, 1, 2, tzinfo=UTC), b"x")
    assert verdict == Verdict(
        gate="drift",
        outcome=Outcome.PASS,
        headline="(datetime.datetime(2026, 1, 2, 0, 0, tzinfo=datetime.timezone.utc), b'x')",
    )


def test_case_74_work_that_never_ends_is_ended():
    with pytest.raises(TooHeavy, match="more processor time"):
        SMALL(did("endless"))


def test_case_74_work_that_sleeps_is_ended_by_the_clock():
    with pytest.raises(UserError, match="longer than the 4 s"):
        SMALL(did("asleep"))


def test_case_49_work_that_eats_memory_is_ended():
    with pytest.raises(TooHeavy, match="memory"):
        SMALL(did("hungry"))


def test_what_it_refuses_is_told_in_its_words():
    with pytest.raises(UserError, match=r"^api.yml:3: correct it$"):
        SMALL(did("refuses"))


def test_a_mistake_of_ours_is_told_as_one():
    with pytest.raises(Terminal, match="ZeroDivisionError"):
        SMALL(did("mistaken"))


def test_case_50_it_opens_nothing_of_the_machine_s(work: Path):
    (work / "secret").write_text("ghs_secret")
    for path in (work / "secret", "/etc/passwd", f"/proc/{os.getpid()}/environ"):
        assert Apart()(did("reads"), str(path)) == "PermissionError"


def test_it_has_no_network_and_no_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PRIVATE_KEY", "secret")
    assert Apart()(did("variables")) == ["HOME", "LC_ALL", "PATH", "TMPDIR", "TZ"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert Apart()(did("connects"), server.getsockname()[1]) == "no"


class Files:
    """What stays behind."""

    def read(self, path: str) -> bytes:
        """Its bytes."""
        return path.encode()

    def refused(self, path: str) -> bytes:
        """Never."""
        raise UserError(f"{path} is not read")


def test_it_asks_what_stays_here():
    assert Apart()(did("asks"), "read", near={"files": Files()}) == b"a.yml"


@pytest.mark.parametrize(
    ("name", "says"), [("refused", "a.yml is not read"), ("__init__", "nobody's to ask")]
)
def test_what_it_may_not_ask_is_refused(name: str, says: str):
    with pytest.raises(UserError, match=says):
        Apart()(did("asks"), name, near={"files": Files()})


def test_nothing_but_values_is_built_of_what_it_says():
    with pytest.raises(Terminal, match="is no value"):
        Apart()(did("strange"))


@pytest.mark.parametrize("thing", [os.system, subprocess.Popen, eval, signal.Signals.SIGTERM, sys.exit])
def test_case_95_what_could_run_is_never_unpickled(thing: object, tmp_path: Path):
    (tmp_path / "it").write_bytes(pickle.dumps(thing))
    with (tmp_path / "it").open("rb") as file, pytest.raises(pickle.UnpicklingError):
        _Answers(file).load()


class By311:
    """Pickled as an enumeration's member was up to Python 3.11.3: by `getattr`."""

    def __init__(self, kind: object, name: str) -> None:
        self.asked = (kind, name)

    def __reduce__(self) -> tuple[object, ...]:
        return getattr, self.asked


def test_a_member_pickled_by_an_earlier_python_comes_back():
    assert _Answers(io.BytesIO(pickle.dumps(By311(Outcome, "PASS")))).load() is Outcome.PASS


@pytest.mark.parametrize(
    ("kind", "name"), [(Outcome, "__class__"), (Outcome, "mro"), (Verdict, "__init__"), (Outcome, "NEVER")]
)
def test_case_95_nothing_but_members_is_looked_up(kind: object, name: str):
    with pytest.raises(pickle.UnpicklingError, match="no member of an enumeration"):
        _Answers(io.BytesIO(pickle.dumps(By311(kind, name)))).load()
