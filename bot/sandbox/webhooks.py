"""The way out: signed deliveries, in order, by one background thread, with GitHub's headers and a log.

``hold()`` keeps them back, so that a test can ``take()`` them and send, reorder, drop or double them itself.
https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import requests

from bot.sandbox.access import covers
from bot.sandbox.faults import Faults
from bot.sandbox.payloads import build
from bot.sandbox.represent.accounts import stamp
from bot.sandbox.state import App, Event, Installation, World

TIMEOUT = 10.0
ALWAYS = ("installation", "installation_repositories", "ping")  # GitHub sends these unasked
Observer = Callable[[dict[str, str], bytes], None]


@dataclass(kw_only=True)
class Delivery:
    """One attempt to deliver; a redelivery is a new one with the same ``guid``. Status code 0: no answer."""

    id: int
    guid: str
    app: App
    event: str
    action: str | None
    installation_id: int | None
    repository_id: int | None
    headers: dict[str, str]
    body: bytes
    delivered_at: datetime
    redelivery: bool = False
    duration: float = 0.0
    status_code: int = 0
    status: str = "pending"
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        """The body, parsed."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


class Webhooks:
    """Turns events into deliveries."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.log: list[Delivery] = []
        self.observers: list[Observer] = []
        self.held = False
        self._faults = faults
        self._pending: list[Delivery] = []
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._session = requests.Session()
        self._session.trust_env = False
        self._thread: threading.Thread | None = None
        world.sinks.append(self.on_event)

    def on_event(self, event: Event) -> None:
        """Called inside the lock: one delivery for every App that is there and subscribed."""
        wanted = [i for i in self.world.installations.values() if _concerns(i, event)]
        if not wanted:
            return
        payload = build(self.world, event)
        for installation in wanted:
            inner = dict(payload)
            if event.name not in ("installation", "installation_repositories"):
                inner["installation"] = {"id": installation.id, "node_id": installation.node_id}
            body = json.dumps(inner, ensure_ascii=False).encode()
            self._accept(event, installation.app, installation, body)

    def ping(self, app: App) -> None:
        """GitHub's first delivery to a hook, which belongs to no installation."""
        at = stamp(app.created_at)
        config = {"content_type": "json", "insecure_ssl": "0", "url": app.webhook_url or ""}
        hook = {"type": "App", "id": app.hook_id, "name": "web", "active": True, "events": app.events}
        hook |= {"config": config, "created_at": at, "updated_at": at, "app_id": app.id}
        payload = {"zen": "Keep it logically awesome.", "hook_id": app.hook_id, "hook": hook}
        event = Event(name="ping", action=None, repo=None, sender=app.owner)
        self._accept(event, app, None, json.dumps(payload).encode())

    def _accept(self, event: Event, app: App, installation: Installation | None, body: bytes) -> None:
        guid = str(uuid.uuid4())
        made = Delivery(
            id=self.world.next_id(),
            guid=guid,
            app=app,
            event=event.name,
            action=event.action,
            installation_id=installation.id if installation else None,
            repository_id=event.repo.id if event.repo else None,
            headers=_headers(app, event.name, guid, body),
            body=body,
            delivered_at=self.world.clock.now(),
        )
        self.log.append(made)
        if self._faults.loses(event.name, event.action):
            made.status_code, made.status = 502, "failed to connect to host"
            return
        self._hand_over(made)

    def _hand_over(self, delivery: Delivery) -> None:
        if self.held or delivery.app.webhook_url is None:
            self._pending.append(delivery)
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="sandbox-webhooks", daemon=True)
            self._thread.start()
        self._queue.put(delivery)

    def hold(self) -> None:
        """Keep deliveries back from now on."""
        self.held = True

    def release(self) -> None:
        """Send what was kept back, in order, and deliver as usual again."""
        with self.world.lock:
            self.held, waiting, self._pending = False, self._pending, []
            for delivery in waiting:
                self._hand_over(delivery)

    def take(self, event: str | None = None, action: str | None = None) -> list[Delivery]:
        """Take what was kept back (all, or one event's): ``.headers`` and ``.body`` are ready to be sent."""
        with self.world.lock:
            chosen = [
                d
                for d in self._pending
                if (event is None or d.event == event) and (action is None or d.action == action)
            ]
            self._pending = [d for d in self._pending if d not in chosen]
        for delivery in chosen:
            delivery.status_code, delivery.status = 200, "OK"
            self._observe(delivery)
        return chosen

    def failed(self, delivery: Delivery, status_code: int = 502) -> None:
        """Write into the log that a taken delivery did not arrive."""
        delivery.status_code, delivery.status = status_code, "failed"

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send again with the same GUID and body; a new entry in the log."""
        again = replace(
            delivery,
            id=self.world.next_id(),
            redelivery=True,
            delivered_at=self.world.clock.now(),
            status_code=0,
            status="pending",
            response_headers={},
            response_body="",
        )
        self.log.append(again)
        self._hand_over(again)
        return again

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until everything handed over was sent; whether it was in time."""
        deadline = time.monotonic() + timeout
        while self._queue.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self._queue.unfinished_tasks

    def stop(self) -> None:
        """End the thread; what is still waiting is not sent."""
        if self._thread is not None:
            with contextlib.suppress(queue.Empty):
                while True:
                    self._queue.get_nowait()
                    self._queue.task_done()
            self._queue.put(None)
            self._thread.join(timeout=TIMEOUT + 1)
        self._session.close()

    def _work(self) -> None:
        while (delivery := self._queue.get()) is not None:
            try:
                self._observe(delivery)
                self._send(delivery)
            finally:
                self._queue.task_done()

    def _observe(self, delivery: Delivery) -> None:
        for observer in self.observers:
            observer(delivery.headers, delivery.body)

    def _send(self, delivery: Delivery) -> None:
        url, started = delivery.app.webhook_url, time.monotonic()
        try:
            answer = self._session.post(
                url or "",
                data=delivery.body,
                headers=delivery.headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.Timeout:
            delivery.status_code, delivery.status = 504, "timed out"
        except requests.RequestException as broken:
            delivery.status_code, delivery.status = 502, "failed to connect to host"
            delivery.response_body = type(broken).__name__
        else:
            delivery.status_code = answer.status_code
            delivery.status = "OK" if answer.ok else f"Invalid HTTP Response: {answer.status_code}"
            delivery.response_headers = dict(answer.headers)
            delivery.response_body = answer.text[:1000]
        delivery.duration = round(time.monotonic() - started, 3)


def _concerns(installation: Installation, event: Event) -> bool:
    if event.only_app is not None and event.only_app is not installation.app:
        return False
    if event.name in ALWAYS:
        return event.subject.get("installation") is installation
    if installation.suspended_at or event.name not in installation.events or event.repo is None:
        return False
    return covers(installation, event.repo)


def _headers(app: App, event: str, guid: str, body: bytes) -> dict[str, str]:
    key = app.webhook_secret.encode()
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/0a1b2c3",
        "X-GitHub-Delivery": guid,
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": str(app.hook_id),
        "X-GitHub-Hook-Installation-Target-ID": str(app.id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }
