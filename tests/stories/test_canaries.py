"""Secrets through a whole story in which every client fails aloud: they reach nothing that anybody can see (case 93).

Servers answer with all that they were sent, headers and address included, or the libraries below the clients raise
errors that quote every secret there is. Looked at are the log, all that is written on GitHub, every table of the
database (ledger, marks, jobs) and every page.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from bot.logging import configure
from bot.registry_auth import Credentials
from bot.web.app import create_app
from bot.wiring import works
from tests.stories.cast import SECRET, Bot, Town
from tests.stories.inert import plain_texts, written
from tests.stories.test_gates import demand
from tests.stories.trouble import HOUR

GATES = "slo: {min_availability_percent: 99}, critical_alerts: {max_firing: 0}, stability: {}, image: {}"
HOOK = "canary-of-the-webhook"
PASSWORD = "canary-password-of-{}"
ARGOCD, SLACK = "canary-token-of-argocd", "services/T0CANARY/B0CANARY/canaryofslack"
BASIC = base64.b64encode(f"robot:{PASSWORD.format('registry')}".encode()).decode()


class Parrot(BaseHTTPRequestHandler):
    """Answers everything with what it was asked, as broken gateways do."""

    status = 500
    heard: list[str] = []  # noqa: RUF012 (one server at a time; the story reads it)

    def do_GET(self) -> None:
        """Everything back."""
        whole = f"{self.command} {self.path} {dict(self.headers)}"
        self.heard.append(whole)
        body = json.dumps({"error": whole, "errors": [{"code": whole, "message": whole}], "status": "error"})
        self.send_response(self.status, whole.replace("\n", " "))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.send_header("WWW-Authenticate", f'Bearer realm="http://{self.headers["Host"]}/{whole}"')
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        """Nothing: pytest's output is no place for it."""


@pytest.fixture
def parrot() -> Iterator[str]:
    """Its `host:port`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Parrot)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Parrot.heard.clear()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def log(bot: Bot, parrot: str) -> Iterator[io.StringIO]:
    """The log of a bot that has every secret there is, as it is set up in production, at its most talkative."""
    login = Credentials(user="robot", password=PASSWORD.format("registry"))
    bot.settings = replace(
        bot.settings,
        prometheus_url=f"http://bot:{PASSWORD.format('prometheus')}@{parrot}/prometheus",
        alertmanager_url=f"http://bot:{PASSWORD.format('alertmanager')}@{parrot}/alertmanager",
        alertmanager_token="canary-token-of-alertmanager",
        argocd_server=f"http://{parrot}/argocd",
        argocd_auth_token=ARGOCD,
        registry_auth={parrot: login},
        slack_webhook_url=f"http://{parrot}/{SLACK}",
        notify_webhook_url=f"http://{parrot}/canary-of-the-webhook",
        notify_webhook_secret=b"canary-secret-of-the-webhook",
    )
    clock = bot.works.house.clock
    bot.works = works(bot.settings, store=bot.store, clock=clock)
    bot.web = create_app(settings=bot.settings, store=bot.store, clock=clock)
    root = logging.getLogger()
    before, level, stream = list(root.handlers), root.level, io.StringIO()
    configure("DEBUG", bot.settings.secrets(), stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def canaries(bot: Bot, town: Town) -> list[str]:
    """Every secret: what the operator gave, and the tokens that GitHub has minted."""
    pem = [line for line in bot.settings.private_key.splitlines() if not line.startswith("-----")]
    of_servers = [PASSWORD.format(each) for each in ("prometheus", "alertmanager", "registry")]
    tokens = [token for token in town.github.world.tokens if token.startswith("ghs_")]
    assert tokens
    return [SECRET, pem[3], ARGOCD, SLACK, HOOK, "canary-token-of-alertmanager", BASIC, *of_servers, *tokens]


def everything(bot: Bot, town: Town, log: io.StringIO, database_url: str) -> dict[str, str]:
    """All that anybody can see, by where it is."""
    with psycopg.connect(database_url) as reader:
        names = reader.execute(
            "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables "
            "where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        tables = {
            f"table {name}": str(reader.execute(f"select to_jsonb(t)::text from {name} t").fetchall())
            for (name,) in names
        }
    pages = {
        path: bot.client.get(path).get_data(as_text=True)
        for path in ("/", "/metrics", "/ready", "/live", "/no")
    }
    return {"log": log.getvalue(), **tables, **pages, **dict(written(town)), **dict(plain_texts(town))}


def quiet(bot: Bot, town: Town, log: io.StringIO, database_url: str) -> None:
    """No canary sings anywhere."""
    seen = everything(bot, town, log, database_url)
    assert seen["log"]
    secrets = canaries(bot, town)
    assert [f"{each} in {where}" for where, text in seen.items() for each in secrets if each in text] == []


def demanded(town: Town, parrot: str) -> None:
    """Staging asks every server there is; the images are the parrot's."""
    demand(town, GATES)
    rules = (town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml") or b"").decode()
    rules = rules.replace("ghcr.io/", f"{parrot}/")
    rules = rules.replace(
        "    merge: auto\n", "    merge: auto\n    argocd: {application: splattop-dev}\n", 1
    )
    files = {
        f"helm/values-{name}.yaml": town.values(name).replace("ghcr.io/", f"{parrot}/")
        for name in ("dev", "staging")
    }
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": rules, **files}, by="ana")


@pytest.mark.parametrize("status", [200, 302, 401, 403, 500])
def test_case_93_servers_that_answer_with_what_they_were_sent_betray_nothing(
    bot: Bot, town: Town, log: io.StringIO, parrot: str, database_url: str, status: int, monkeypatch
):
    monkeypatch.setattr(Parrot, "status", status)
    demanded(town, parrot)
    town.release(api="a")
    bot.settles()
    town.github.advance(60)
    town.github.comment(town.pull("staging"), "ana", "/status")
    bot.settles().waits(HOUR)
    heard = "\n".join(Parrot.heard)
    sent = [PASSWORD.format("prometheus"), PASSWORD.format("alertmanager")]
    sent = [base64.b64encode(f"bot:{each}".encode()).decode() for each in sent]
    assert [each for each in (*sent, ARGOCD) if each not in heard] == []
    assert town.check(town.pull("staging"), "lockstep: main / gates") == ("completed", "failure")
    quiet(bot, town, log, database_url)


@pytest.mark.parametrize("kind", [OSError, http.client.HTTPException, RuntimeError, ValueError])
@pytest.mark.parametrize("whose", ["the servers'", "GitHub's"])
def test_case_93_libraries_whose_errors_quote_every_secret_betray_nothing(
    bot: Bot,
    town: Town,
    log: io.StringIO,
    parrot: str,
    database_url: str,
    kind: type[Exception],
    whose: str,
    monkeypatch: pytest.MonkeyPatch,
):
    demanded(town, parrot)
    town.release(api="a")
    bot.settles()
    github = urlsplit(town.github.api_url).port
    original = http.client.HTTPConnection.getresponse

    def raising(connection: http.client.HTTPConnection, *args: Any, **more: Any) -> Any:
        if (connection.port == github) == (whose == "GitHub's"):
            said = "\n".join([bot.settings.private_key, *canaries(bot, town)])
            raise kind(f"GET {connection.host} Authorization: Bearer {said}")
        return original(connection, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(http.client.HTTPConnection, "getresponse", raising)
        town.github.label(town.pull("staging"), "ana", "look")
        town.release(api="b")
        bot.settles()
        for _ in range(10):
            bot.waits(HOUR)
    bot.waits(HOUR).sweeps()
    quiet(bot, town, log, database_url)
    assert "b" * 64 in town.values("dev")
