"""A program that is not trusted, in its folder: no network, no credentials, no time or memory without end."""

from __future__ import annotations

import os
import select
import socket
from pathlib import Path

import pytest

from bot.adapters.confined import Limits, ProgramMissing, program, workspace
from bot.model.probes import Said


def run(tmp_path: Path, script: str, limits: Limits | None = None) -> Said:
    file = tmp_path / "tool"
    file.write_text(f"#!/bin/bash\n{script}\n")
    file.chmod(0o755)
    with workspace({"a/b.txt": b"hello\n"}, limits or Limits()) as here:
        return here.run(file, ["one", "two words"])


def test_it_sees_its_files_and_its_arguments(tmp_path: Path):
    said = run(tmp_path, '/bin/cat ./a/b.txt; echo "$#:$2"; exit 7')
    assert (said.code, said.text, said.trouble) == (7, "hello\n2:two words\n", "")


def test_nothing_of_the_environment_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_secret")
    names = {line.partition("=")[0] for line in run(tmp_path, "/usr/bin/env").text.splitlines()}
    assert names <= {"HOME", "TMPDIR", "PATH", "LC_ALL", "TZ", "PWD", "SHLVL", "_"}


def test_it_has_no_network(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said = run(tmp_path, f"echo hello >/dev/tcp/127.0.0.1/{port} && echo connected")
    assert "connected" not in said.text
    assert said.code != 0


def test_case_50_it_opens_nothing_but_its_folder(tmp_path: Path):
    (tmp_path / "secret").write_text("ghs_secret")
    places = (tmp_path / "secret", "/etc/passwd", f"/proc/{os.getpid()}/environ", "/root", "/var/lib")
    for place in places:
        said = run(tmp_path, f"/bin/cat {place}")
        assert (said.code, "Permission denied" in said.text) == (1, True), place


def test_it_writes_nowhere_but_into_its_scratch(tmp_path: Path):
    said = run(
        tmp_path, f"echo x >$TMPDIR/a && echo mine; echo x >{tmp_path}/b || echo x >./c || echo not theirs"
    )
    assert said.text.splitlines()[0] == "mine"
    assert said.text.splitlines()[-1] == "not theirs"


def test_what_never_ends_is_killed_with_all_that_it_started(tmp_path: Path):
    said = run(tmp_path, "/bin/sleep 600 & echo $!; /bin/sleep 600", Limits(seconds=1))
    assert said.trouble == "timed out after 1 s"
    child = int(said.text)
    assert ended(child)


def ended(pid: int) -> bool:
    """Whether the process is gone, or goes within seconds: a kill takes a moment to arrive."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    watch = select.poll()
    watch.register(handle, select.POLLIN)
    done = bool(watch.poll(5000))
    os.close(handle)
    return done


def test_memory_is_limited(tmp_path: Path):
    script = "exec /usr/bin/python3 -c 'bytearray(1 << 30)'"
    assert "MemoryError" in run(tmp_path, script, Limits(megabytes=128)).text


def test_a_file_cannot_grow_without_end(tmp_path: Path):
    script = "exec /usr/bin/yes"
    assert run(tmp_path, script).trouble == "wrote more than it may"


def test_what_it_prints_is_read_up_to_a_limit(tmp_path: Path):
    assert len(run(tmp_path, "/usr/bin/yes | /usr/bin/head -c 9M").text) == 4 << 20


def test_a_crash_is_no_answer(tmp_path: Path):
    assert run(tmp_path, "kill -SEGV $$").trouble == "crashed"
    assert run(tmp_path, "echo 'panic: no'; exit 2").trouble == "crashed"


def test_nothing_starts_once_the_time_for_all_is_spent(tmp_path: Path):
    said = run(tmp_path, "echo x", Limits(together=-1))
    assert "was not started" in said.trouble
    assert said.text == ""


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "", "a\0b"])
def test_case_50_no_file_is_put_outside_of_the_folder(name: str):
    with pytest.raises(ValueError, match="not a path inside"), workspace({name: b""}, Limits()):
        pass  # pragma: no cover - never reached


def test_the_folder_is_gone_afterwards():
    with workspace({"a": b""}, Limits()) as here:
        root = here.root
        assert os.listdir(root) == ["a"]
    assert not root.exists()


def test_a_program_that_is_not_there_says_how_to_get_it():
    with pytest.raises(ProgramMissing, match=r"apt-get install --no-install-recommends prometheus; macOS"):
        program("promtool", given="/nonexistent/promtool", package="prometheus")
