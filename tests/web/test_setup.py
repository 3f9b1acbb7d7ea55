"""`lockstep setup` and `GET /setup`: the App manifest flow against the local GitHub, as a person's browser goes it."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from bot.adapters.github.manifest import ALL_PERMISSIONS, EVENTS
from bot.cli_setup import keep_settings
from bot.sandbox.scenario import Sandbox
from bot.sandbox.state import App
from bot.settings import Settings, environment
from bot.web.setup import Registration, browser_sees, registering
from bot.wiring import registration
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

    def __init__(self, github: Sandbox, env: Path) -> None:
        arguments = ["setup", "--url", URL, "--env-file", str(env), "--port", str(free_port())]
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


def fields(page: str) -> tuple[str, dict[str, str]]:
    """Where a page's form is posted to, and its fields."""
    found = re.search(r'action="([^"]*)"', page)
    assert found is not None, page
    inputs = re.findall(r'<input[^>]* name="([^"]*)"[^>]* value="([^"]*)"', page)
    return unescape(found[1]), {name: unescape(value) for name, value in inputs}


def on_github(page: str, github: Sandbox) -> str:
    """Presses both buttons; the address that GitHub sends the browser back to."""
    action, offered = fields(page)
    posted = requests.post(action, data=offered, timeout=10)
    confirm, named = fields(posted.text)
    back = requests.post(github.base_url + confirm, data=named, timeout=10, allow_redirects=False)
    return back.headers["Location"]


def test_setup_registers_the_app_and_writes_settings_that_are_whole(github: Sandbox, tmp_path: Path) -> None:
    env = tmp_path / ".env"
    terminal = Terminal(github, env)
    back = on_github(requests.get(terminal.page, timeout=10).text, github)
    page = requests.get(back, timeout=10)
    code, output = terminal.ended()
    assert (code, page.status_code, "Registered. The settings are in" in output) == (0, 200, True)
    settings = Settings.read(environment(tmp_path, {}))
    app = made(github)
    assert (settings.app_id, settings.webhook_secret) == (app.id, app.webhook_secret)
    assert settings.github_api_url == github.base_url
    assert (app.permissions, app.webhook_url) == (dict(ALL_PERMISSIONS), f"{URL}/webhook")
    assert set(app.events) == set(EVENTS)
    shown = page.text + output
    assert (settings.webhook_secret in shown, "PRIVATE KEY" in shown) == (False, False)


def made(github: Sandbox) -> App:
    return next(each for each in github.world.apps.values() if each.name == "Lockstep")


@dataclass(frozen=True, kw_only=True)
class Page:
    """The flow's page within this process, and the flow."""

    browser: FlaskClient
    flow: Registration
    env: Path

    def opened(self) -> str:
        return self.browser.get(f"/setup?token={self.flow.token}").text


def page_of(github: Sandbox, env: Path, organization: str | None = None) -> Page:
    flow, _ = registration(
        api_url=github.base_url,
        url=URL,
        name="Lockstep",
        organization=organization,
        keep=lambda values: keep_settings(env, values),
    )
    app = Flask("setup")
    app.register_blueprint(registering(flow, here=lambda: browser_sees(URL)))
    return Page(browser=app.test_client(), flow=flow, env=env)


@pytest.fixture
def page(github: Sandbox, tmp_path: Path) -> Page:
    return page_of(github, tmp_path / ".env")


def test_the_settings_are_added_and_readable_by_their_owner_alone(page: Page, github: Sandbox) -> None:
    page.env.write_text("LOG_LEVEL=DEBUG")
    page.env.chmod(0o644)
    page.browser.get(on_github(page.opened(), github))
    assert stat.S_IMODE(page.env.stat().st_mode) == 0o600
    assert page.env.read_text().startswith("LOG_LEVEL=DEBUG\nAPP_ID=")


def test_a_stranger_who_finds_the_page_gets_no_form(page: Page) -> None:
    answers = [page.browser.get(path) for path in ("/setup", "/setup?token=guessed", "/setup?state=x&token=")]
    assert [(each.status_code, "<form" in each.text) for each in answers] == [(403, False)] * 3


def test_a_code_without_the_flow_s_state_is_not_exchanged(page: Page, github: Sandbox) -> None:
    back = on_github(page.opened(), github)
    forged = re.sub(r"state=.*", "state=guessed", back)
    assert page.browser.get(forged).status_code == 403
    assert (page.env.exists(), len(github.world.codes)) == (False, 1)


def test_a_code_that_github_does_not_know_is_told_and_the_flow_goes_on(page: Page, github: Sandbox) -> None:
    wrong = page.browser.get(f"/setup?code=0123abcd&state={page.flow.token}")
    assert (wrong.status_code, "GitHub does not take the code" in wrong.text) == (502, True)
    assert page.browser.get(on_github(page.opened(), github)).status_code == 200


@pytest.mark.parametrize("code", ["..", "a/b", "x?y=z", ""])
def test_a_code_that_would_change_the_asked_path_is_never_sent(page: Page, code: str) -> None:
    answer = page.browser.get("/setup", query_string={"code": code, "state": page.flow.token})
    assert (answer.status_code, "none of GitHub" in answer.text) == (502, True)


def test_an_organization_owns_the_app_when_it_is_named(github: Sandbox, tmp_path: Path) -> None:
    page = page_of(github, tmp_path / ".env", "acme")
    page.browser.get(on_github(page.opened(), github))
    assert made(github).owner.login == "acme"


def test_settings_that_are_there_are_never_replaced(page: Page, github: Sandbox) -> None:
    page.env.write_text("WEBHOOK_SECRET=kept\n")
    answer = page.browser.get(on_github(page.opened(), github))
    assert (answer.status_code, "holds WEBHOOK_SECRET already" in answer.text) == (502, True)
    assert page.env.read_text() == "WEBHOOK_SECRET=kept\n"


def test_the_manifest_survives_its_way_through_the_page(page: Page) -> None:
    _, offered = fields(page.opened())
    assert json.loads(offered["manifest"])["redirect_url"] == "http://localhost/setup"


def test_an_instance_that_is_set_up_shows_what_is_left_to_do(client: FlaskClient) -> None:
    answer = client.get("/setup")
    assert (answer.status_code, "Lockstep is set up" in answer.text) == (200, True)


def test_an_instance_that_is_set_up_exchanges_no_code(client: FlaskClient) -> None:
    answer = client.get("/setup?code=0123abcd&state=x")
    assert (answer.status_code, "takes no other one" in answer.text) == (403, True)
