"""`lockstep demo` that stays: other terminals reach it, and every kind of end leaves nothing running."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.demo.conftest import ROOT, Place, ended


def lockstep(place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Another terminal of the same user."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": str(place.home), "PYTHONPATH": str(ROOT)},
        cwd=place.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def page(url: str) -> str:
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())
    return ""


def child(place: Place, words: str) -> psutil.Process | None:
    """A process of the demo by the words of its command line."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd().startswith(str(place.temporary)) and words in " ".join(process.cmdline()):
                return process
    return None


def said_until(process: subprocess.Popen[str], words: str) -> str:
    """What the trial printed until it said these words: its trip is over then."""
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if words in line:
            return shown
    raise AssertionError(f"it ended without saying {words!r}:\n{shown}")


def test_a_second_release_travels_when_another_terminal_asks_and_sigterm_ends_all(place: Place) -> None:
    kept = place.temporary / "kept"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = place.start("--home", str(kept), "--port", str(port))
    running = place.until(place.running)
    modes = {oct(path.stat().st_mode & 0o777) for path in (place.home / ".lockstep" / "demos").glob("*.json")}
    github = running["url"]
    place.until(lambda: "#2" in page(f"{github}/splattop/config"))
    place.until(lambda: "#2 Promote" in page(f"http://127.0.0.1:{port}/"))
    said = lockstep(place, "demo", "release", "--component", "api")
    place.until(lambda: "Promote api 1.8.0 to dev" in page(f"{github}/splattop/config"))
    board = place.until(lambda: ">1.8.0<" in (seen := page(f"http://127.0.0.1:{port}/")) and seen)
    helped_too = lockstep(place, "demo", "why", "--help")
    strange = lockstep(place, "demo", "release", "--component", "apo")
    helped = lockstep(place, "demo", "comment", "--pull", "2", "--by", "ben", "/help")
    place.until(lambda: "/promote [environment]" in page(f"{github}/splattop/config/pull/2"))
    shown = said_until(process, "Say something:")
    why = lockstep(place, "demo", "why", "staging", "api", "--json")
    process.send_signal(signal.SIGTERM)
    end = ended(place, process)

    assert (end.code, end.err) == (0, "")
    assert modes == {"0o600"}
    assert (said.returncode, helped.returncode) == (0, 0), said.stderr + helped.stderr
    assert (why.returncode, why.stderr) == (0, "")
    assert json.loads(why.stdout)["runs"]["tag"] == "1.7.0"
    assert "lockstep why production api" in helped_too.stdout
    assert "CI run 2 has finished" in said.stdout
    assert (strange.returncode, strange.stderr) == (2, "apo is no component; there are api, web, worker.\n")
    assert "Everything keeps running until Ctrl-C." in shown
    assert re.search(rf"board: +http://127\.0\.0\.1:{port}/", shown)
    assert "values-staging.yaml" in board, "the open pull request stands there with its diff"
    assert place.processes() == []
    assert list(place.home.iterdir()) == []
    assert (kept / "worker.log").is_file()


def test_a_process_that_dies_fails_the_trip_and_its_log_is_shown(place: Place) -> None:
    process = place.start("--once")
    place.until(lambda: child(place, "bot worker")).kill()
    end = ended(place, process)
    assert end.code == 1
    assert "`lockstep worker` ended with code -9" in end.out
    assert "Not seen:" in end.out
    assert "--- the end of worker.log" in end.out
    assert place.processes() == []


def test_a_demo_that_is_killed_takes_its_processes_along(place: Place) -> None:
    process = place.start()
    place.until(place.running)
    process.kill()
    process.wait()
    place.until(lambda: not place.processes(), 60)
    assert lockstep(place, "demo", "release").returncode == 2


def test_ctrl_c_before_the_end_is_told_by_the_exit_code(place: Place) -> None:
    process = place.start("--once")
    place.until(lambda: child(place, "bot serve"))
    process.send_signal(signal.SIGINT)
    end = ended(place, process)
    assert end.code == 130
    assert place.processes() == []
    assert list(place.temporary.iterdir()) == []


def test_asking_for_a_release_without_a_demo_says_how_to_start_one(place: Place) -> None:
    said = lockstep(place, "demo", "release")
    assert (said.returncode, said.stdout) == (2, "")
    assert "Start one with `lockstep demo`" in said.stderr


def test_a_port_that_is_taken_is_told_before_anything_starts(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = lockstep(place, "demo", "--once", "--port", str(taken.getsockname()[1]))
    assert said.returncode == 2
    assert "--port" in said.stderr
    assert said.stdout == ""


@pytest.mark.parametrize("name", ["full", "file"])
def test_a_home_that_holds_something_is_refused(place: Place, name: str) -> None:
    home = Path(place.folder, "full")
    home.mkdir()
    (home / "file").touch()
    said = lockstep(place, "demo", "--once", "--home", str(home if name == "full" else home / "file"))
    assert said.returncode == 2
