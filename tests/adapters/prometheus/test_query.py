"""Instant queries: what a real Prometheus answers, and what a broken or hostile one might."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from bot.adapters.outbound import Outbound
from bot.adapters.prometheus import Prometheus
from bot.model.facts import Unknown
from bot.model.measurements import Measured, Samples
from tests.adapters.prometheus.samples import NOW
from tests.servers.running import Running


def why(found: Measured) -> str:
    assert isinstance(found, Unknown), found
    return found.why


def test_every_series_comes_back_with_its_labels_and_the_moment(client: Prometheus) -> None:
    found = client.query('odd{kind=~"one|two"}', NOW)
    assert isinstance(found, Samples)
    assert sorted((each.labels["kind"], each.value) for each in found.samples) == [("one", 1.0), ("two", 2.0)]
    assert found.at == NOW


def test_a_scalar_is_one_value(client: Prometheus) -> None:
    found = client.query("scalar(odd{kind='one'}) + 1", NOW, single=True)
    assert isinstance(found, Samples)
    assert [each.value for each in found.samples] == [2.0]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("nothing_has_this_name", "no series"),
        ("odd", "NaN"),
        ("odd{kind='nan'}", "NaN"),
        ("odd{kind='one'} / 0", "+Inf"),
        ("-odd{kind='one'} / 0", "-Inf"),
        ("odd{kind='one'}[5m]", "matrix"),
        ("'text'", "string"),
        ("sum(", "bad_data"),
        ("odd{kind=~'one|two'} * on() odd", "execution"),
    ],
)
def test_what_is_no_finite_number_is_unknown(client: Prometheus, query: str, says: str) -> None:
    assert says in why(client.query(query, NOW))


def test_several_series_where_one_was_meant_are_unknown(client: Prometheus) -> None:
    assert "2 series" in why(client.query('odd{kind=~"one|two"}', NOW, single=True))


def test_a_query_before_the_first_sample_is_unknown(client: Prometheus) -> None:
    assert "no series" in why(client.query("odd{kind='one'}", NOW.replace(year=2025)))


def test_without_an_address_everything_is_unknown_and_names_the_setting() -> None:
    assert "PROMETHEUS_URL is not set" in why(Prometheus(None, Outbound()).query("up", NOW))


@pytest.mark.parametrize("words", ["word", "p%40ss"])
def test_credentials_are_in_no_link_and_no_reason(server: Running, words: str) -> None:
    url = server.url.replace("http://", f"http://me:{words}@")
    client = Prometheus(url, Outbound([server.url]))
    found = client.query("odd{kind='one'}", NOW)
    assert isinstance(found, Samples)
    assert words not in str(found)
    assert words not in why(client.query("sum(", NOW))


@contextmanager
def answering(
    status: int, body: bytes, asked: list[dict[str, list[str]]] | None = None
) -> Iterator[Prometheus]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"]))
            if asked is not None:
                asked.append({**parse_qs(form.decode()), "auth": [self.headers.get("Authorization", "")]})
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    place = f"127.0.0.1:{server.server_port}"
    try:
        yield Prometheus(f"http://me:word@{place}/base/", Outbound([f"http://{place}"]), timeout=2)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def vector(*values: Any, **more: Any) -> bytes:
    rows = [{"metric": {"n": str(n)}, "value": value} for n, value in enumerate(values)]
    return json.dumps(
        {"status": "success", "data": {"resultType": "vector", "result": rows}, **more}
    ).encode()


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, vector([1, "1"], warnings=["store a is down"]), "may be partial"),
        (200, b'{"status": "error", "errorType": "timeout", "error": "too slow"}', "timeout: too slow"),
        (503, vector([1, "1"]), "status 503"),
        (422, b'{"status":"error","errorType":"execution","error":"x"}', "execution"),
        (302, b"", "status 302 without JSON"),
        (200, b"<html>", "without JSON"),
        (200, b"[" * 100_000, "without JSON"),
        (200, b"[]", "without a result"),
        (200, b'{"status": "success"}', "None"),
        (200, b'{"status": "success", "data": {"resultType": "vector", "result": 1}}', "no result"),
        (200, vector([1, 1]), "no measurement"),
        (200, vector([1, "nan"]), "no measurement"),
        (200, vector([1, "1e999"]), "no measurement"),
        (200, vector([1, "1"], [1, "NaN"]), "no measurement"),
        (200, vector(None), "no single value"),
        (200, vector(["x", "1"]), "no single value"),
        (200, vector([1e300, "1"]), "no time"),
        (200, vector([NOW.timestamp() - 61, "1"]), "not of now"),
        (200, b" " * (1024 * 1024 + 1), "larger than"),
    ],
)
def test_an_answer_that_is_not_whole_is_unknown(status: int, body: bytes, says: str) -> None:
    with answering(status, body) as client:
        assert says in why(client.query("up", NOW))


def test_the_question_is_a_form_with_the_moment_and_no_partial_answers() -> None:
    asked: list[dict[str, list[str]]] = []
    with answering(200, vector([NOW.timestamp(), "1"]), asked) as client:
        client.query('up{a="b&c"}', NOW)
    assert asked == [
        {
            "query": ['up{a="b&c"}'],
            "time": ["1772452800.000"],
            "timeout": ["2s"],
            "partial_response": ["false"],
            "auth": ["Basic bWU6d29yZA=="],
        }
    ]
