"""The post office of a measurement: carries GitHub's webhooks, and what others have to say, to Lockstep's doors.

Webhooks are sent as GitHub sends them; one that is answered with 5xx, or not at all, is sent again with the same id
until it is accepted, as GitHub does when it is asked to redeliver. One in ten is sent twice. `bench.chaos.post` is an
office that loses things.
"""

from __future__ import annotations

import queue
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import requests

from bot.decide.routing import Drop, route
from bot.sandbox.webhooks import Delivery
from tests.stories.cast import Town

SENDERS = 8
AGAIN_SECONDS = 0.3
TWICE = 0.1
WEBHOOK = "/webhook"

Errand = Callable[[requests.Session], None]
"""Something to be carried, done by a sender with a session of its own."""


class Office:
    """Delivers what the local GitHub has to say to Lockstep at `url`, in threads, until it is closed."""

    def __init__(self, town: Town, url: str, seed: int) -> None:
        self._town, self._url = town, url
        self._random = random.Random(seed)
        self._bag: queue.Queue[Errand] = queue.Queue()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.sent: set[str] = set()
        """Ids of the deliveries that touch something of ours; the others are sent, but nothing is expected of them."""
        self.accepted: set[str] = set()
        """Those that were answered with 202."""
        self.answers: Counter[str] = Counter()
        """How often each door gave each answer."""
        self._threads = [threading.Thread(target=self._carry, daemon=True) for _ in range(SENDERS)]
        self._threads.append(threading.Thread(target=self._collect, daemon=True))
        for thread in self._threads:
            thread.start()

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be delivered."""
        return not self._bag.unfinished_tasks

    def close(self) -> None:
        """Delivers no more."""
        self._over.set()
        for thread in self._threads:
            thread.join(15)

    def tell(self, path: str, body: object, token: str, *, until_taken: bool = False) -> None:
        """Somebody else's word at another door; `until_taken`: as Alertmanager does, again until it is answered."""
        self._bag.put(lambda session: self._told(session, path, body, token, until_taken))

    def _collect(self) -> None:
        while not self._over.wait(0.02):
            for delivery in self._town.github.webhooks.take():
                if not isinstance(route(delivery.event, delivery.payload, app_id=self._town.app.id), Drop):
                    self.sent.add(delivery.guid)
                self._take_in(delivery)

    def _take_in(self, delivery: Delivery) -> None:
        """One webhook is to be sent, now and then twice."""
        for _ in range(1 + self._happens(TWICE)):
            self._bag.put(lambda session: self._deliver(session, delivery))

    def _happens(self, share: float) -> bool:
        with self._lock:
            return self._random.random() < share

    def _carry(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._over.is_set():
                try:
                    errand = self._bag.get(timeout=0.2)
                except queue.Empty:
                    continue
                try:
                    errand(session)
                finally:
                    self._bag.task_done()

    def _deliver(self, session: requests.Session, delivery: Delivery) -> None:
        """Until it is taken. A refusal is final: it counts as sent and not accepted."""
        while self._sent(session, delivery) // 100 not in (2, 4) and not self._over.wait(AGAIN_SECONDS):
            pass

    def _sent(self, session: requests.Session, delivery: Delivery) -> int:
        """A webhook's one attempt; the answer's status."""
        status = self._posted(session, WEBHOOK, data=delivery.body, headers=dict(delivery.headers))
        if status == 202:
            with self._lock:
                self.accepted.add(delivery.guid)
        return status

    def _told(
        self, session: requests.Session, path: str, body: object, token: str, until_taken: bool
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        while self._posted(session, path, json=body, headers=headers) in (0, 503):
            if not until_taken or self._over.wait(AGAIN_SECONDS):
                return

    def _posted(self, session: requests.Session, path: str, **what: Any) -> int:
        """The answer's status; 0 without one."""
        try:
            status = session.post(self._url + path, timeout=10, **what).status_code
        except requests.RequestException as error:
            status, said = 0, type(error).__name__
        else:
            said = str(status)
        with self._lock:
            self.answers[f"{path} {said}"] += 1
        return status
