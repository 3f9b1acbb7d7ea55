"""`lockstep serve` as people start it: real settings, real PostgreSQL, real processes."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.store import Store
from tests.web.fakes import GUID, SECRET, pem, run_completed
from tests.web.served import Served, start, started

RUN = str(run_completed()).replace("'", '"').encode()


@pytest.fixture
def served(tmp_path: Path, database_url: str, store: Store) -> Iterator[Served]:
    url = "postgresql:///" + "?" + "&".join(pair.replace("'", "") for pair in database_url.split())
    settings = {"APP_ID": "1", "PRIVATE_KEY": pem(), "WEBHOOK_SECRET": SECRET, "DATABASE_URL": url}
    running = started(tmp_path, "bot", "serve", **settings)
    yield running
    running.process.send_signal(signal.SIGTERM)
    running.process.communicate(timeout=60)


def test_a_delivery_to_the_real_processes_is_stored(served: Served, store: Store) -> None:
    assert served.post(RUN) == 202
    found = store.inbox.find(GUID)
    assert found is not None
    assert found.payload == RUN
    assert '"ready"' in served.get("/ready")


@pytest.mark.parametrize("secret", [None, "", "  "])
def test_case_4_without_a_webhook_secret_it_ends_before_the_port_is_bound(
    tmp_path: Path, secret: str | None
) -> None:
    more = {} if secret is None else {"WEBHOOK_SECRET": secret}
    ended = start(tmp_path, "bot", "serve", APP_ID="1", PRIVATE_KEY=pem(), HOME=str(tmp_path), **more)
    with socket.socket() as line:  # taken by us: a bind would fail with another sentence
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(("127.0.0.1", ended.port))
        line.listen()
        _, said = ended.process.communicate(timeout=60)
    assert ended.process.returncode == 2
    assert said.decode().startswith("Error: WEBHOOK_SECRET is not set.")
