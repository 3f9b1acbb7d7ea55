"""`lockstep setup` and `GET /setup`: the App manifest flow against the local GitHub, as a person's browser goes it."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests
from flask.testing import FlaskClient

from bot.adapters.github.manifest import ALL_PERMISSIONS, EVENTS
from bot.cli_setup import refuse_configured
from bot.errors import UserError
from bot.sandbox.scenario import Sandbox
from bot.settings import Settings, environment
from tests.web.served import free_port

URL = "https://lockstep.example.com"
PLAIN = {"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()}


@pytest.fixture
def github() -> Iterator[Sandbox]:
    sandbox = Sandbox.start()
    sandbox.user("ana")
    sandbox.org("acme", admins=["ana"])
    yield sandbox
    sandbox.stop()


class Terminal:
    """`lockstep setup` as a process of its own."""

    def __init__(self, github: Sandbox, home: Path, *options: str) -> None:
        self.env = home / ".env"
        arguments = ["setup", "--url", URL, "--env-file", str(self.env), "--port", str(free_port()), *options]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            env=PLAIN | {"GITHUB_API_URL": github.base_url, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.page = self.process.stdout.readline().removeprefix("Open ").strip()

    def ended(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


@pytest.fixture
def terminal(github: Sandbox, tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(github, tmp_path)
    yield made
    made.process.kill()
    made.process.communicate()


def fields(page: str) -> tuple[str, dict[str, str]]:
    """Where a page's form is posted to, and its fields."""
    found = re.search(r'action="([^"]*)"', page)
    assert found is not None, page
    inputs = re.findall(r'<input[^>]* name="([^"]*)"[^>]* value="([^"]*)"', page)
    return unescape(found[1]), {name: unescape(value) for name, value in inputs}


def on_github(terminal: Terminal, github: Sandbox) -> str:
    """Presses both buttons; the address that GitHub sends the browser back to."""
    action, offered = fields(requests.get(terminal.page, timeout=10).text)
    posted = requests.post(action, data=offered, timeout=10)
    confirm, named = fields(posted.text)
    back = requests.post(github.base_url + confirm, data=named, timeout=10, allow_redirects=False)
    return back.headers["Location"]


def test_setup_registers_the_app_and_writes_settings_that_are_whole(
    terminal: Terminal, github: Sandbox
) -> None:
    page = requests.get(on_github(terminal, github), timeout=10)
    assert "Lockstep is registered" in page.text
    code, output = terminal.ended()
    assert (code, "Registered. The settings are in" in output) == (0, True)
    app = next(each for each in github.world.apps.values() if each.name == "Lockstep")
    settings = Settings.read(environment(terminal.env.parent, {}))
    assert (settings.app_id, settings.webhook_secret) == (app.id, app.webhook_secret)
    assert settings.github_api_url == github.base_url
    assert (app.permissions, app.webhook_url) == (dict(ALL_PERMISSIONS), f"{URL}/webhook")
    assert set(app.events) == set(EVENTS)


def test_the_settings_are_readable_by_their_owner_alone(terminal: Terminal, github: Sandbox) -> None:
    terminal.env.write_text("LOG_LEVEL=DEBUG")
    terminal.env.chmod(0o644)
    requests.get(on_github(terminal, github), timeout=10)
    terminal.ended()
    assert stat.S_IMODE(terminal.env.stat().st_mode) == 0o600
    assert terminal.env.read_text().startswith("LOG_LEVEL=DEBUG\nAPP_ID=")


def test_no_secret_is_shown_on_the_page_or_in_the_terminal(terminal: Terminal, github: Sandbox) -> None:
    page = requests.get(on_github(terminal, github), timeout=10).text
    _, output = terminal.ended()
    secret = Settings.read(environment(terminal.env.parent, {})).webhook_secret
    shown = page + output
    assert (secret in shown, "PRIVATE KEY" in shown) == (False, False)


def test_a_stranger_who_finds_the_page_gets_no_form_and_no_exchange(
    terminal: Terminal, github: Sandbox
) -> None:
    bare = terminal.page.partition("?")[0]
    assert requests.get(bare, timeout=10).status_code == 403
    assert requests.get(f"{bare}?token=guessed", timeout=10).status_code == 403
    back = on_github(terminal, github)
    forged = re.sub(r"state=.*", "state=guessed", back)
    assert requests.get(forged, timeout=10).status_code == 403
    assert (terminal.env.exists(), terminal.process.poll()) == (False, None)


def test_a_code_that_github_does_not_know_is_told_and_the_flow_goes_on(
    terminal: Terminal, github: Sandbox
) -> None:
    bare, _, token = terminal.page.partition("?token=")
    wrong = requests.get(f"{bare}?code=0123abcd&state={token}", timeout=10)
    assert (wrong.status_code, "GitHub does not take the code" in wrong.text) == (502, True)
    requests.get(on_github(terminal, github), timeout=10)
    assert terminal.ended()[0] == 0


@pytest.mark.parametrize("code", ["..", "a/b", "x?y=z", ""])
def test_a_code_that_would_change_the_asked_path_is_never_sent(
    terminal: Terminal, github: Sandbox, code: str
) -> None:
    bare, _, token = terminal.page.partition("?token=")
    answer = requests.get(bare, params={"code": code, "state": token}, timeout=10)
    assert (answer.status_code, "none of GitHub" in answer.text) == (502, True)


def test_an_organization_owns_the_app_when_it_is_named(github: Sandbox, tmp_path: Path) -> None:
    terminal = Terminal(github, tmp_path, "--organization", "acme")
    requests.get(on_github(terminal, github), timeout=10)
    terminal.ended()
    assert next(each for each in github.world.apps.values() if each.name == "Lockstep").owner.login == "acme"


def test_settings_that_are_there_are_never_replaced(tmp_path: Path) -> None:
    there = tmp_path / ".env"
    there.write_text("WEBHOOK_SECRET=kept\n")
    with pytest.raises(UserError, match=r"holds WEBHOOK_SECRET already"):
        refuse_configured(there)


def test_an_instance_that_is_set_up_shows_what_is_left_to_do(client: FlaskClient) -> None:
    answer = client.get("/setup")
    assert (answer.status_code, "Lockstep is set up" in answer.text) == (200, True)


def test_an_instance_that_is_set_up_exchanges_no_code(client: FlaskClient) -> None:
    answer = client.get("/setup?code=0123abcd&state=x")
    assert (answer.status_code, "takes no other one" in answer.text) == (403, True)


def test_the_manifest_on_the_page_survives_its_escaping(terminal: Terminal, github: Sandbox) -> None:
    _, offered = fields(requests.get(terminal.page, timeout=10).text)
    manifest = json.loads(offered["manifest"])
    assert manifest["redirect_url"] == terminal.page.partition("?")[0]
