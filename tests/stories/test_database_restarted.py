"""The database goes away under a running web process and two workers, and comes back (row G7).

Real processes over an embedded PostgreSQL that is killed at the worst of moments: GitHub has done what it was asked,
and the worker is about to write that down. The webhooks of meanwhile are sent again until taken, as GitHub does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from bench.homes import embedded_home
from bench.kill import lockstep
from bench.office import Office
from bench.processes import kill_postgres
from bot.adapters.store import Store, embedded, open_store
from bot.errors import Retryable
from bot.run.acts import LEFT
from bot.sandbox.door import HttpRequest, HttpResponse
from bot.sandbox.scenario import Sandbox
from tests.stories.cast import Town, set_up

PATIENCE = 90.0
AWAY = 1.0
"""Seconds for which the database is gone."""


def until(truth: Callable[[], bool], what: str) -> None:
    """Waits for what other processes bring about."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if truth():
                return
        except Retryable:
            continue  # the pool has connections of before
        finally:
            time.sleep(0.1)
    pytest.fail(f"not within {PATIENCE:g} s: {what}", pytrace=False)


def states(store: Store) -> list[str]:
    """The states in the ledger that the deployment in dev went through."""
    rows = [row.entry for row in store.ledger.rows(event="deployment")]
    return [each.details["state"] for each in rows if each.details["environment"] == "dev"]


@pytest.mark.parametrize(
    "moment", ["createPullRequest", "/merge"], ids=["a pull request opens", "it is merged"]
)
def test_a_restart_of_the_database_loses_no_delivery_and_doubles_nothing(private_key: str, moment: str):
    gone = threading.Event()
    with embedded_home() as (home, _), Sandbox.start() as github:
        town = set_up(github, private_key)

        def strikes(request: HttpRequest, response: HttpResponse) -> None:
            meant = moment in request.path or moment.encode() in request.body
            if meant and response.status < 300 and not gone.is_set():
                kill_postgres(home)
                gone.set()

        github.on_exchange(strikes)
        with lockstep(town, home, private_key) as house, open_store(house.settings) as store:
            office = Office(town, f"http://127.0.0.1:{house.settings.port}", seed=7)
            try:
                town.release(api="a")
                assert gone.wait(PATIENCE), house.web.tail()
                time.sleep(AWAY)
                embedded.ensure(home)
                until(lambda: arrived(town), f"staging's pull request; {house.workers[0].tail()}")
                until(lambda: rested(store, office), "rest")
            finally:
                office.close()
            assert office.sent <= office.accepted
            expect_once(town, store)


def arrived(town: Town) -> bool:
    """Whether the release has gone through dev and waits for staging's people."""
    return [each.title for each in town.pulls("open")] == ["Promote api 7.0.0 to staging"]


def rested(store: Store, office: Office) -> bool:
    """Whether everything that came in was worked on, and no act waits for the row of its end."""
    numbers = store.numbers()
    waiting = sum(numbers[name] for name in ("deliveries_pending", "jobs_waiting", "jobs_running"))
    open_acts = store.database.row("select count(*) as count from ledger_attempts") or {"count": 1}
    return office.idle and not waiting and not open_acts["count"]


def expect_once(town: Town, store: Store) -> None:
    """Nothing was done twice, and each row is there once."""
    assert [each.title for each in town.pulls("all")] == [
        "Promote api 7.0.0 to dev",
        "Promote api 7.0.0 to staging",
    ]
    merged = [each.status for each in town.github.requests if each.path.endswith("/merge")]
    assert merged.count(200) == 1
    rows = [row.entry for row in store.ledger.rows(limit=5000)]
    for event in ("release_accepted", "promotion_merged", "evidence"):
        assert [each.decision for each in rows if each.event == event] == ["done"], event
    assert states(store) == ["merged", "live"]
    assert sum(LEFT in each.reason for each in rows) <= 2
