"""What a genuine delivery comes to, and that whatever is wrong with it is answered and never half stored."""

from __future__ import annotations

import io
import json
import logging
import socket
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.decide.routing import EVENTS
from bot.errors import Retryable
from bot.web import body
from bot.web.patience import Patience
from tests.web.fakes import GUID, NOW, SECRET, FakeStore, headers, post, run_completed, sample


def test_a_genuine_delivery_is_stored_byte_for_byte(client: FlaskClient, fake: FakeStore) -> None:
    raw = json.dumps(run_completed(), indent=3).encode()
    assert post(client, raw).status_code == 202
    delivery, payload = fake.rows[GUID]
    assert payload == raw
    assert (delivery.subject, delivery.event, delivery.action) == ("source:3:7", "workflow_run", "completed")
    assert (delivery.account, delivery.repository_id, delivery.received_at) == ("splattop", 7, NOW)


def test_the_answer_says_what_the_store_said(client: FlaskClient, fake: FakeStore) -> None:
    answers = [post(client, run_completed()).json for _ in range(2)]
    fake.completed.add(GUID)
    answers.append(post(client, run_completed()).json)
    assert answers == [{"status": "stored"}, {"status": "stored again"}, {"status": "completed before"}]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_case_6_other_methods_are_not_allowed(client: FlaskClient, method: str) -> None:
    answer = client.open("/webhook", method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "changed",
    [
        {"X_GitHub_Event": None},
        {"X_GitHub_Event": "work flow"},
        {"X_GitHub_Delivery": None},
        {"X_GitHub_Delivery": "x" * 65},
        {"X_GitHub_Delivery": "'; drop table"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": None},
    ],
)
def test_case_6_missing_or_malformed_headers_are_a_bad_request(
    client: FlaskClient, fake: FakeStore, changed: dict[str, str | None]
) -> None:
    assert (post(client, run_completed(), **changed).status_code, fake.rows) == (400, {})


def test_a_content_type_with_a_charset_is_accepted(client: FlaskClient) -> None:
    assert post(client, run_completed(), Content_Type="application/json; charset=utf-8").status_code == 202


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"a": NaN}',
        b"{} {}",
        b"\xff\xfe{\x00}\x00",
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_case_7_what_is_no_json_object_is_a_bad_request(
    client: FlaskClient, fake: FakeStore, raw: bytes
) -> None:
    assert (post(client, raw).status_code, fake.rows) == (400, {})


@pytest.mark.parametrize("event", sorted(EVENTS))
@pytest.mark.parametrize("payload", [{}, {"repository": None}, run_completed(repository=None, sender=None)])
def test_case_7_nulls_are_dropped(client: FlaskClient, event: str, payload: dict[str, Any]) -> None:
    assert post(client, payload, X_GitHub_Event=event).status_code == 202


def test_case_7_a_deleted_fork_and_account_are_no_trouble(client: FlaskClient, fake: FakeStore) -> None:
    payload = run_completed(action="closed", pull_request={"number": 5, "head": {"repo": None}, "user": None})
    assert post(client, payload, X_GitHub_Event="pull_request").status_code == 202
    assert fake.rows[GUID][0].subject == "pull:3:7:5"


def test_what_touches_nothing_is_ignored_and_counted(client: FlaskClient, fake: FakeStore) -> None:
    answer = post(client, run_completed(action="requested"))
    assert (answer.status_code, answer.json, fake.rows) == (202, {"status": "ignored"}, {})
    text = client.get("/metrics").text
    assert sample(text, "lockstep_webhook_ignored_total", reason="not handled") == 1


def test_an_unheard_of_event_is_counted_under_a_fixed_name(client: FlaskClient) -> None:
    post(client, run_completed(), X_GitHub_Event="made_up_by_sender")
    text = client.get("/metrics").text
    assert "made_up_by_sender" not in text
    assert sample(text, "lockstep_webhook_deliveries_total", event="other", outcome="ignored") == 1


STRANGER = run_completed(repository={"id": 8, "owner": {"login": "mallory"}})


def test_case_15_an_account_that_is_not_allowed_leaves_one_ledger_row_and_nothing_else(
    client: FlaskClient, fake: FakeStore
) -> None:
    payload = {**STRANGER, "pull_request": {"number": 5, "head": {"sha": "a" * 40}}, "action": "opened"}
    answer = post(client, payload, X_GitHub_Event="pull_request")
    assert (answer.status_code, fake.rows, len(fake.entries)) == (202, {}, 1)
    row = fake.entries[0]
    assert (row.event, row.decision, row.actor_id, row.delivery_id) == ("not_allowlisted", "refused", 1, GUID)
    assert (row.repository_id, row.pull_number, row.head_sha) == (8, 5, "a" * 40)
    assert "mallory" in row.reason


def test_case_15_an_account_that_is_not_allowed_is_counted(client: FlaskClient) -> None:
    post(client, STRANGER)
    text = client.get("/metrics").text
    assert sample(text, "lockstep_webhook_deliveries_total", outcome="not_allowlisted") == 1


def test_case_15_logins_are_compared_without_case(client: FlaskClient, fake: FakeStore) -> None:
    post(client, run_completed(repository={"id": 7, "owner": {"login": "SplatTop"}}))
    assert list(fake.rows) == [GUID]


def test_nothing_is_refused_unaudited(client: FlaskClient, fake: FakeStore) -> None:
    fake.fails = Retryable("no database")
    assert post(client, STRANGER).status_code == 503


@pytest.mark.parametrize("error", [Retryable("no database"), RuntimeError(SECRET), OSError("disk")])
def test_case_14_what_is_not_stored_is_never_accepted(
    client: FlaskClient, fake: FakeStore, error: Exception
) -> None:
    fake.fails = error
    answer = post(client, run_completed())
    assert (answer.status_code, answer.headers["Retry-After"], fake.rows) == (503, "10", {})
    fake.fails = None
    assert post(client, run_completed()).status_code == 202


def test_case_93_a_failing_store_shows_its_error_to_nobody(
    client: FlaskClient, fake: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    fake.fails = RuntimeError("postgresql://user:canary-password@host/db")
    with caplog.at_level(logging.INFO):
        answer = post(client, run_completed())
    assert "canary" not in answer.text
    assert "delivery not stored" in caplog.text


def test_case_99_a_nul_in_the_payload_is_stored_as_sent(client: FlaskClient, fake: FakeStore) -> None:
    payload = run_completed(action="created", issue={"number": 5, "pull_request": {}}, comment="\x00")
    assert post(client, payload, X_GitHub_Event="issue_comment").status_code == 202
    assert b"\\u0000" in fake.rows[GUID][1]


# Sizes: the same over a real server in test_server.py.


class Endless:
    """A body without an end that counts what is taken from it."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int) -> bytes:
        self.taken += size
        return b"x" * size


def stream(client: FlaskClient, body_stream: Any, environ: dict[str, Any], **changed: str | None) -> int:
    overrides = {"wsgi.input": body_stream, "wsgi.input_terminated": True, **environ}
    sent = headers(b"", **changed)
    return client.post("/webhook", headers=sent, environ_overrides=overrides).status_code


def test_case_5a_a_length_over_the_limit_is_refused_unread(client: FlaskClient) -> None:
    endless = Endless()
    assert stream(client, endless, {"CONTENT_LENGTH": str(body.LIMIT + 1)}) == 413
    assert stream(client, endless, {"CONTENT_LENGTH": "9" * 5000}) == 413
    assert endless.taken == 0


def test_case_5b_an_endless_unsigned_body_is_refused_unread(client: FlaskClient) -> None:
    endless = Endless()
    assert stream(client, endless, {"CONTENT_LENGTH": ""}, X_Hub_Signature_256=None) == 401
    assert endless.taken == 0


def test_case_5b_an_endless_body_with_a_claimed_signature_is_read_up_to_the_limit(
    client: FlaskClient,
) -> None:
    endless = Endless()
    assert stream(client, endless, {"CONTENT_LENGTH": ""}) == 413
    assert endless.taken == body.LIMIT + 1


def test_a_length_that_is_no_number_is_a_bad_request(client: FlaskClient) -> None:
    assert stream(client, Endless(), {"CONTENT_LENGTH": "-5"}) == 400


def test_a_body_that_is_cut_off_is_a_bad_request(client: FlaskClient) -> None:
    assert stream(client, io.BytesIO(b"x" * 99), {"CONTENT_LENGTH": "100"}) == 400


def test_a_client_that_trickles_its_body_is_given_up(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "_PATIENCE", Patience(0.05))
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("rb") as incoming:
        theirs.sendall(b"{")  # and never more, but without hanging up
        environ = {"CONTENT_LENGTH": "100", "gunicorn.socket": ours}
        assert stream(client, incoming, environ) == 400


def test_without_length_and_without_chunks_there_is_no_body(app: Flask) -> None:
    endless = Endless()
    assert body.read({"wsgi.input": endless}, None) == b""
    assert endless.taken == 0
