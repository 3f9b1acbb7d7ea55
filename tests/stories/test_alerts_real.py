"""From a measured value to the release before: a real rule fires in a real Prometheus, a real Alertmanager posts it to
the served receiver, and Lockstep takes the release back (rows P8, R6, B3, G4)."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge, start_http_server
from werkzeug.serving import make_server

from bot.model.rollback import RollbackState
from bot.sandbox.argocd import Application, ArgoCD
from bot.sandbox.state import Pull
from tests.builders import digest
from tests.servers.alerting import watching
from tests.stories.cast import ALERTS_TOKEN, Bot, Town
from tests.stories.deploying import LIVE, demand, rolls_out, stands
from tests.stories.test_deploy import AUTO, app, argocd
from tests.stories.test_rollback import incidents, records, rollbacks

__all__ = ["app", "argocd"]  # fixtures

SWITCHED_ON = """
rollback: {automatic: true, triggers: [critical_alert], alerts: [CheckoutFails]}"""
RULE = """\
groups:
  - name: checkout
    rules:
      - alert: CheckoutFails
        expr: checkout_errors > 5
        labels: {severity: critical, environment: dev, component: api}
        annotations: {lockstep: rollback, summary: "{{ $value }} of 100 checkouts fail"}
"""
PATIENCE = 25.0
"""Seconds for a scrape, an evaluation and a notification, on a busy machine."""


@dataclass(kw_only=True)
class Watched:
    """The deployed service as Prometheus sees it, and what Alertmanager said and was answered."""

    errors: Gauge
    said: list[tuple[str, int]]

    def told(self, status: str, count: int = 1) -> None:
        """Waits until Alertmanager has posted that status so often from now on."""
        before = len(self.said)

        def there() -> bool:
            return [each for each, _ in self.said[before:]].count(status) >= count

        _until(there, f"{count} times `{status}`; since then came {self.said[before:]}")


def _until(there: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not there():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {PATIENCE:g} s: {what}", pytrace=False)
        time.sleep(0.05)


@pytest.fixture
def watched(bot: Bot, town: Town, app: Application, tmp_path: Path) -> Iterator[Watched]:
    """A service with errors to count, and both servers; none of what they say is made up here."""
    registry = CollectorRegistry()
    errors = Gauge("checkout_errors", "of 100", registry=registry)
    exporter, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with (
            _served(bot) as (url, said),
            watching(
                tmp_path,
                target=f"127.0.0.1:{exporter.server_port}",
                rules=RULE,
                webhook=f"{url}/alerts",
                token=ALERTS_TOKEN,
            ),
        ):
            yield Watched(errors=errors, said=said)
    finally:
        exporter.shutdown()
        exporter.server_close()
        thread.join()


@contextmanager
def _served(bot: Bot) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """The receiver over real HTTP; the status that each notification told, with that of its answer."""
    said: list[tuple[str, int]] = []

    def listening(environ, start_response):
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = io.BytesIO(body)

        def start(status, headers, exc_info=None):
            said.append((json.loads(body)["status"], int(status.split()[0])))
            return start_response(status, headers, exc_info)

        return bot.web(environ, start)

    server = make_server("127.0.0.1", 0, listening, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", said
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def earlier(town: Town) -> None:
    """The story begins a while ago, under rules that let it happen by itself; alerts are fired by the real time."""
    town.github.world.clock.run()
    town.github.advance(-900)
    demand(town, AUTO + SWITCHED_ON)
    town.github.webhooks.take()


def ran_twice(bot: Bot, town: Town, argocd: ArgoCD) -> None:
    """dev runs api 8.0.0 after 7.0.0, both proven; and now the story's time is the real one."""
    for letter in "ab":
        town.github.advance(60)
        rolls_out(argocd, letter)
        town.release(api=letter)
        bot.settles()
    town.github.world.clock.run()
    bot.settles()


def newest(town: Town) -> Pull:
    return next(each for each in town.pulls("merged") if each.title == "Promote api 8.0.0 to dev")


def test_an_alert_that_really_fires_takes_the_release_back(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, watched: Watched
):
    ran_twice(bot, town, argocd)
    bad = newest(town)
    rolls_out(argocd, "a")
    assert (stands(bot, bad), watched.said) == (LIVE, [])

    watched.errors.set(97)
    watched.told("firing")
    bot.settles()
    (back,) = rollbacks(town, "merged")
    assert back.title == "Roll back api to 7.0.0 in dev"
    assert "97 of 100 checkouts fail" in back.body
    assert digest("a") in town.values("dev")
    assert app.operation is not None
    assert app.operation["syncResult"]["revision"] == back.merge_commit_sha
    assert (stands(bot, back), stands(bot, bad)) == (LIVE, "rolled back")
    (record,) = records(bot, town, "dev")
    assert (record.state, record.ask.automatic, record.ask.alert) == (
        RollbackState.HEALTHY,
        True,
        "CheckoutFails",
    )
    assert len(incidents(town)) == 1
    config = back.repo.id
    assert [(each.component, each.digest) for each in bot.store.vetoes.active(config)] == [
        ("api", digest("b"))
    ]
    assert [each.environment for each in bot.store.holds.active(config)] == ["dev"]

    with town.expect_no_writes():  # it goes on firing, and Alertmanager goes on telling
        watched.told("firing", 2)
        bot.settles()
        watched.errors.set(0)
        watched.told("resolved")
        bot.settles().sweeps()
    assert {answer for _, answer in watched.said} == {202}
    assert len(rollbacks(town, "all")) == 1
