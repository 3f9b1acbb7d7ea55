"""Webhooks of the local GitHub: signed, in order, logged, sent again."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.sandbox.conftest import CONFIG


class _Receiver(BaseHTTPRequestHandler):
    received: list[tuple[dict[str, str], bytes]]
    status = 202

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).received.append((dict(self.headers), body))
        self.send_response(type(self).status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver(scene) -> Iterator[type[_Receiver]]:
    handler = type("Receiver", (_Receiver,), {"received": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    scene.github.webhooks.take()
    scene.github.webhook_url = f"http://127.0.0.1:{server.server_port}/webhook"
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_deliveries_arrive_signed_and_in_order(scene, receiver):
    scene.change()
    assert scene.github.webhooks.settle()
    events = [headers["X-GitHub-Event"] for headers, _ in receiver.received]
    assert events == ["push", "check_suite", "pull_request"]
    headers, body = receiver.received[-1]
    right = "sha256=" + hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == right
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    assert json.loads(body)["installation"]["id"] == scene.installation.id


def test_only_subscribed_events_of_installed_repositories_are_sent(scene):
    scene.github.org("other", admins=["eve"])
    scene.github.repository("other/app")
    scene.installation.events = ["push"]
    scene.github.webhooks.take()
    scene.github.push("other/app", "x", {"a": "b"}, "eve")
    scene.change()
    assert [d.event for d in scene.github.webhooks.take()] == ["push"]


def test_a_lost_delivery_is_logged_as_failed_and_can_be_asked_for_again(scene, receiver):
    scene.github.faults.loses_webhooks("pull_request", times=1)
    scene.change()
    scene.github.webhooks.settle()
    app = scene.jwt()
    lost = [d for d in app.get("/app/hook/deliveries").json() if d["status_code"] == 502]
    assert [d["event"] for d in lost] == ["pull_request"]
    assert "pull_request" not in [h["X-GitHub-Event"] for h, _ in receiver.received]
    assert app.post(f"/app/hook/deliveries/{lost[0]['id']}/attempts").status_code == 202
    scene.github.webhooks.settle()
    newest = app.get("/app/hook/deliveries?per_page=1").json()[0]
    assert (newest["guid"], newest["redelivery"], newest["status_code"]) == (lost[0]["guid"], True, 202)
    assert receiver.received[-1][0]["X-GitHub-Delivery"] == lost[0]["guid"]


def test_a_refusing_receiver_is_logged_with_its_status(scene, receiver):
    receiver.status = 503
    scene.change()
    scene.github.webhooks.settle()
    assert {d["status_code"] for d in scene.jwt().get("/app/hook/deliveries?per_page=3").json()} == {503}


def test_the_delivery_log_is_leafed_through_by_cursor(scene):
    scene.change()
    app, url, seen = scene.jwt(), "/app/hook/deliveries?per_page=2", []
    while url:
        answer = app.get(url)
        seen += [d["id"] for d in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert seen == sorted((d.id for d in scene.github.webhooks.log), reverse=True)


def test_held_deliveries_can_be_taken_reordered_and_released(scene, receiver):
    scene.github.webhooks.hold()
    scene.change()
    taken = scene.github.webhooks.take("push")
    assert (len(taken), receiver.received) == (1, [])
    scene.github.webhooks.release()
    scene.github.webhooks.settle()
    assert [h["X-GitHub-Event"] for h, _ in receiver.received] == ["check_suite", "pull_request"]


def test_what_the_app_does_itself_has_its_bot_as_sender(scene):
    pull = scene.change()
    scene.github.webhooks.take()
    scene.bot().post(f"{CONFIG}/issues/{pull.number}/labels", {"labels": ["env:dev"]})
    (delivery,) = scene.github.webhooks.take()
    assert (delivery.payload["action"], delivery.payload["sender"]["login"]) == (
        "labeled",
        "lockstep[bot]",
    )


def test_rerequests_and_buttons_reach_only_the_app_that_owns_the_check(scene):
    pull = scene.change()
    action = {"label": "Retry", "description": "again", "identifier": "retry"}
    sent = {"name": "lockstep: main", "head_sha": pull.head_sha, "actions": [action]}
    number = scene.bot().post(f"{CONFIG}/check-runs", sent).json()["id"]
    theirs = scene.github.check("splattop/config", pull.head_sha, "lint")
    scene.github.webhooks.take()
    ours = scene.github.repo("splattop/config").check_runs[number]
    scene.github.press(ours, "retry", "ben")
    scene.github.rerequest(ours, "ben")
    scene.github.rerequest(theirs, "ben")
    taken = [(d.action, d.payload["check_run"]["id"]) for d in scene.github.webhooks.take("check_run")]
    assert taken == [("requested_action", number), ("rerequested", number)]


def test_a_ping_belongs_to_no_installation(scene):
    scene.github.webhooks.take()
    scene.github.ping(scene.app)
    (delivery,) = scene.github.webhooks.take()
    assert (delivery.event, delivery.payload["hook_id"]) == ("ping", scene.app.hook_id)
