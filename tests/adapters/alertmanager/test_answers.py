"""What a broken, partial or hostile Alertmanager might answer: never taken for calm."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.adapters.alertmanager import Alertmanager
from bot.adapters.outbound import Outbound
from bot.model.facts import Unknown
from bot.model.measurements import Alerts

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
UP = {"uptime": "2026-03-01T12:00:00.000Z", "cluster": {"status": "disabled"}}
ALERT = {
    "labels": {"alertname": "Burns"},
    "fingerprint": "f",
    "startsAt": "2026-03-02T11:00:00.123456789Z",
    "generatorURL": "javascript:alert(1)",
    "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
}


@contextmanager
def answering(alerts: Any, status: Any = UP, code: int = 200) -> Iterator[Alertmanager]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = status if self.path == "/api/v2/status" else alerts
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield Alertmanager(url, Outbound([url]), timeout=2)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def firing(client: Alertmanager) -> Alerts | Unknown:
    return client.firing("staging", ('severity="critical"',), NOW)


@pytest.mark.parametrize(
    ("alerts", "status", "code"),
    [
        ([], UP, 500),
        ([], UP, 302),
        ([], b"<html>", 200),
        (b"<html>", UP, 200),
        ({}, UP, 200),
        (None, UP, 200),
        ([{}], UP, 200),
        ([ALERT | {"status": {"state": "new", "silencedBy": [], "inhibitedBy": []}}], UP, 200),
        ([ALERT | {"startsAt": "yesterday"}], UP, 200),
        ([ALERT | {"labels": 1}], UP, 200),
        ([], {}, 200),
        ([], [], 200),
        ([], UP | {"cluster": {"status": "settling"}}, 200),
        ([], UP | {"uptime": "2026-03-02T11:59:30Z"}, 200),
        ([], UP | {"uptime": 0}, 200),
    ],
)
def test_what_is_no_whole_list_of_alerts_is_unknown(alerts: Any, status: Any, code: int) -> None:
    with answering(alerts, status, code) as client:
        assert isinstance(firing(client), Unknown)


@pytest.mark.parametrize(
    ("status", "count"),
    [
        ({"state": "active", "silencedBy": [], "inhibitedBy": []}, 1),
        ({"state": "unprocessed", "silencedBy": [], "inhibitedBy": []}, 1),
        ({"state": "suppressed", "silencedBy": ["s"], "inhibitedBy": []}, 0),
        ({"state": "suppressed", "silencedBy": [], "inhibitedBy": ["i"]}, 0),
    ],
)
def test_an_alert_that_is_not_processed_yet_fires_too(status: dict[str, Any], count: int) -> None:
    with answering([ALERT | {"status": status}]) as client:
        found = firing(client)
    assert isinstance(found, Alerts)
    assert len(found.alerts) == count


def test_an_alerts_link_is_kept_only_when_it_is_http() -> None:
    with answering([ALERT]) as client:
        found = firing(client)
    assert isinstance(found, Alerts)
    assert found.alerts[0].url is None
