"""`/live`, `/ready` and `/metrics` tell the truth, and within bounds."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from bot.errors import Retryable
from bot.web import health
from bot.web.app import create_app
from bot.web.bounded import Bounded
from tests.web.fakes import NOW, SECRET, FakeStore, make_settings, post, run_completed, sample


def test_live_answers_without_the_database(client: FlaskClient, fake: FakeStore) -> None:
    fake.fails = Retryable("no database")
    assert client.get("/live").status_code == 200


def test_ready_when_the_store_is(client: FlaskClient) -> None:
    assert client.get("/ready").json == {"status": "ready"}


def test_not_ready_says_why(client: FlaskClient, fake: FakeStore) -> None:
    fake.fails = Retryable("Migration 0002 has not been applied; run lockstep migrate.")
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "reason": str(fake.fails)}


def test_case_93_not_ready_shows_no_error_that_may_hold_a_secret(
    client: FlaskClient, fake: FakeStore
) -> None:
    fake.fails = RuntimeError(SECRET)
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert SECRET not in answer.text


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_hanging_database_is_not_ready(
    monkeypatch: pytest.MonkeyPatch, fake: FakeStore, release: threading.Event
) -> None:
    monkeypatch.setattr(health, "READY_WITHIN", 0.05)
    monkeypatch.setattr(fake, "check", lambda: release.wait(30))
    client = create_app(settings=make_settings(), store=fake, clock=lambda: NOW).test_client()
    assert client.get("/ready").status_code == 503
    assert client.get("/live").status_code == 200


def test_a_hanging_question_is_not_piled_upon(release: threading.Event) -> None:
    asked = []
    ask = Bounded(lambda: asked.append(1) or release.wait(30), 0.02)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            ask()
    assert asked == [1]


def test_metrics_show_the_stores_numbers(client: FlaskClient) -> None:
    post(client, run_completed())
    text = client.get("/metrics").text
    assert sample(text, "lockstep_jobs_waiting") == 1
    assert sample(text, "lockstep_store_up") == 1
    assert sample(text, "lockstep_webhook_seconds_count") == 1


def test_metrics_are_shown_without_a_store(client: FlaskClient, fake: FakeStore) -> None:
    fake.fails = RuntimeError(SECRET)
    answer = client.get("/metrics")
    assert (answer.status_code, SECRET in answer.text) == (200, False)
    assert "lockstep_store_up 0.0" in answer.text
