"""`lockstep serve` starts only with whole settings (attack case 4)."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli_serve import serve
from bot.errors import UserError
from bot.settings import Settings
from bot.web import server
from tests.web.fakes import SECRET, pem


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `server.serve` is called with, instead of serving."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr("bot.logging.configure", lambda *_: None)
    monkeypatch.setattr(server, "serve", lambda settings, make_app, **options: calls.append(options))
    return calls


def run(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], *arguments: str) -> Any:
    wiring = SimpleNamespace(settings_from_environment=lambda: Settings.read(environ), web_app=None)
    monkeypatch.setitem(sys.modules, "bot.wiring", wiring)
    return CliRunner().invoke(serve, arguments)


WHOLE = {"APP_ID": "1", "PRIVATE_KEY": pem(), "WEBHOOK_SECRET": SECRET}


@pytest.mark.parametrize("secret", [None, "", "  "])
def test_case_4_without_a_webhook_secret_nothing_is_served(
    monkeypatch: pytest.MonkeyPatch, served: list[dict[str, Any]], secret: str | None
) -> None:
    environ = {
        name: value for name, value in (WHOLE | {"WEBHOOK_SECRET": secret}).items() if value is not None
    }
    result = run(monkeypatch, environ)
    assert (result.exit_code, served) == (2, [])
    assert "WEBHOOK_SECRET is not set" in result.output


def test_case_4_no_option_accepts_unsigned_events() -> None:
    assert {option for parameter in serve.params for option in parameter.opts} == {
        "--host",
        "--port",
        "--workers",
    }


def test_options_reach_the_server(monkeypatch: pytest.MonkeyPatch, served: list[dict[str, Any]]) -> None:
    result = run(monkeypatch, WHOLE, "--host", "0.0.0.0", "--port", "8080", "--workers", "4")
    assert result.exit_code == 0
    assert served == [{"host": "0.0.0.0", "port": 8080, "workers": 4}]


def test_a_port_that_cannot_be_bound_is_a_configuration_error(
    monkeypatch: pytest.MonkeyPatch, served: list[dict[str, Any]]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise UserError("127.0.0.1:80 cannot be bound")

    monkeypatch.setattr(server, "serve", refuse)
    result = run(monkeypatch, WHOLE)
    assert (result.exit_code, result.output) == (2, "Error: 127.0.0.1:80 cannot be bound\n")


def test_help_shows_an_example() -> None:
    assert "lockstep serve --host 0.0.0.0" in CliRunner().invoke(serve, ["--help"]).output
