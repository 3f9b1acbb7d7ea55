"""The webhook over the real store: 202 means that PostgreSQL has it."""

from __future__ import annotations

import json
import time

import psycopg
import pytest
from flask.testing import FlaskClient

from bot.adapters.store import Store
from bot.web.app import create_app
from tests.web.fakes import GUID, NOW, make_settings, post, run_completed, sample


@pytest.fixture
def web(store: Store) -> FlaskClient:
    settings = make_settings(allowed_accounts=frozenset({"splattop"}))
    return create_app(settings=settings, store=store, clock=lambda: NOW).test_client()


def test_a_delivery_is_stored_with_its_job(web: FlaskClient, store: Store) -> None:
    raw = json.dumps(run_completed(), indent=1).encode()
    assert post(web, raw).json == {"status": "stored"}
    assert [each.payload for each in store.inbox.pending("source:3:7")] == [raw]
    assert store.queue.depth().due == 1


def test_case_9_a_completed_delivery_is_not_worked_on_again(web: FlaskClient, store: Store) -> None:
    post(web, run_completed())
    store.inbox.complete([GUID], "nothing to do", NOW)
    assert post(web, run_completed()).json == {"status": "completed before"}
    assert store.inbox.pending("source:3:7") == ()


def test_case_10_a_delivery_that_was_never_completed_is_worked_on_now(web: FlaskClient, store: Store) -> None:
    post(web, run_completed())
    assert post(web, run_completed()).json == {"status": "stored again"}
    assert len(store.inbox.pending("source:3:7")) == 1


def test_case_14_a_locked_database_is_answered_in_time_with_503_and_keeps_nothing(
    web: FlaskClient, store: Store, database_url: str
) -> None:
    with psycopg.connect(database_url) as other:
        other.execute("lock table procrastinate_jobs in access exclusive mode")
        began = time.monotonic()
        answer = post(web, run_completed())
        took = time.monotonic() - began
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert took < 5
    assert store.inbox.find(GUID) is None
    assert post(web, run_completed()).status_code == 202


def test_case_15_an_account_that_is_not_allowed_leaves_one_ledger_row(web: FlaskClient, store: Store) -> None:
    post(web, run_completed(repository={"id": 8, "owner": {"login": "mallory"}}))
    assert [row.entry.event for row in store.ledger.rows()] == ["not_allowlisted"]
    assert store.inbox.find(GUID) is None


def test_case_99_a_nul_in_a_comment_is_stored(web: FlaskClient, store: Store) -> None:
    payload = run_completed(action="created", issue={"number": 5, "pull_request": {}}, comment="\x00")
    assert post(web, payload, X_GitHub_Event="issue_comment").status_code == 202
    assert b"\\u0000" in store.inbox.pending("pull:3:7:5")[0].payload


def test_the_store_is_ready(web: FlaskClient) -> None:
    assert web.get("/ready").json == {"status": "ready"}


def test_a_closed_store_is_not_ready_and_takes_nothing(web: FlaskClient, store: Store) -> None:
    store.close()
    assert web.get("/ready").status_code == 503
    assert post(web, run_completed()).status_code == 503


def test_metrics_show_the_queue(web: FlaskClient) -> None:
    post(web, run_completed())
    assert sample(web.get("/metrics").text, "lockstep_jobs_waiting") == 1
