"""The Dockerfile, line by line: what it copies is there, what it installs is what the tests run against, and what it
starts exists. An image cannot be built everywhere where the tests run; its commands can be tried."""

from __future__ import annotations

import fnmatch
import json
import re
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import lockstep
from tests.servers.running import free_port

ROOT = Path(__file__).parents[2]
STEPS = [
    tuple(step.split(None, 1))
    for step in re.sub(
        r"\\\n", " ", re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.M)
    ).splitlines()
    if step.strip()
]
"""Each instruction with what follows it, continued lines joined."""
BASES = [rest.split()[0] for word, rest in STEPS if word == "FROM"]
LAST = STEPS[max(n for n, (word, _) in enumerate(STEPS) if word == "FROM") :]
"""The stage that is shipped."""
PACKAGES = (ROOT / ".ci/packages").read_text().split()


def of(word: str, steps: list[tuple[str, ...]]) -> list[str]:
    """What follows each instruction of that name."""
    return [rest for name, rest in steps if name == word]


def copied() -> list[str]:
    """Every file and folder that is copied from the checkout."""
    return [name for rest in of("COPY", STEPS) if not rest.startswith("--from") for name in rest.split()[:-1]]


@pytest.mark.parametrize("name", copied())
def test_what_is_copied_is_there_and_not_ignored(name: str):
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert (ROOT / name).exists()
    assert [each for each in ignored if fnmatch.fnmatch(name, each)] == []


def test_what_the_package_is_built_from_is_copied():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found = {each.rstrip("*") for each in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert found | {project["project"]["readme"], "requirements.lock", "pyproject.toml"} <= set(copied())


def test_both_stages_are_the_same_debian_and_python():
    assert len(set(BASES)) == 1
    assert re.fullmatch(r"python:3\.11-slim-[a-z]+", BASES[0])


def test_the_programs_that_lockstep_runs_come_from_the_one_list_of_packages():
    """Each adapter names the package that its program comes from, for who has to install it."""
    sources = "\n".join(path.read_text() for path in (ROOT / "bot/adapters").rglob("*.py"))
    named = set(re.findall(r"""program\("[a-z]+", .*package="([a-z-]+)"\)""", sources))
    (installs,) = [each for each in of("RUN", LAST) if "apt-get install" in each]
    assert named
    assert named <= set(PACKAGES)
    assert "xargs -a /tmp/packages apt-get install" in installs
    assert ".ci/packages /tmp/packages" in of("COPY", LAST)
    assert installs.split("--no-install-recommends")[1].split()[0] == "git"


def test_it_is_installed_before_the_user_changes_and_runs_as_nobody_special():
    words = [word for word, _ in LAST]
    (user,) = of("USER", LAST)
    (adds,) = [each for each in of("RUN", LAST) if "useradd" in each]
    assert int(user) > 999
    assert f"--uid {user} " in adds
    assert max(n for n, word in enumerate(words) if word in ("RUN", "COPY")) < words.index("USER")


def test_the_command_and_the_procfile_s_are_one_and_known_to_the_command_line():
    (command,) = of("CMD", LAST)
    words = json.loads(command)
    procfile = dict(line.split(": ") for line in (ROOT / "Procfile").read_text().splitlines())
    assert " ".join(words) == procfile["web"]
    assert words[0] in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    for said in procfile.values():
        answer = CliRunner().invoke(lockstep, [*said.split()[1:], "--help"])
        assert answer.exit_code == 0, answer.output


class Live(BaseHTTPRequestHandler):
    """Answers as `/live` does, or as a server in trouble."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/live" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (None, False)])
def test_the_health_check_tells_a_server_that_answers_from_one_that_does_not(
    status: int | None, healthy: bool
):
    (check,) = of("HEALTHCHECK", LAST)
    words = json.loads(check.partition("CMD ")[2])
    assert words[:2] == ["python", "-c"]
    port = free_port()
    environment = {"PORT": str(port)}
    if status is None:
        done = subprocess.run([sys.executable, *words[1:]], env=environment, capture_output=True, timeout=30)
    else:
        server = HTTPServer(("127.0.0.1", port), type("Answering", (Live,), {"status": status}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = subprocess.run([sys.executable, *words[1:]], env=environment, capture_output=True, timeout=30)
        server.shutdown()
        server.server_close()
    assert (done.returncode == 0) is healthy
