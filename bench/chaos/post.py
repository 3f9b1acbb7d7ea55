"""The post: carries GitHub's webhooks, Argo CD's notifications and Alertmanager's alerts, and loses some on request.

A webhook is tried once, as GitHub does; one that does not arrive stands in GitHub's log as failed, where Lockstep's
sweep finds it, or is gone altogether. Argo CD does not try again either. Alertmanager does, and there are two of them.
"""

from __future__ import annotations

import queue
import random
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

import requests

from bench.chaos.diary import Diary
from bot.decide.routing import Drop, route
from bot.sandbox.webhooks import Delivery
from tests.stories.cast import ALERTS_TOKEN, Town

CARRIERS = 6
TWICE = 0.1
AGAIN_SECONDS = 1.0
ARGOCD_TOKEN = "a token of the chaos run's Argo CD notifications"


@dataclass(kw_only=True)
class Losses:
    """The share of each kind that gets lost now."""

    webhooks: float = 0.0
    notifications: float = 0.0


class Post:
    """Delivers until it is closed."""

    def __init__(self, town: Town, url: str, seed: int, diary: Diary) -> None:
        self._town, self._url, self._diary = town, url, diary
        self._random = random.Random(seed)
        self._bag: queue.Queue[Any] = queue.Queue()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.losses = Losses()
        self.sent: set[str] = set()
        """Ids of webhooks that touch something of ours."""
        self.accepted: set[str] = set()
        """Those that were answered with 202."""
        self.answers: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._carry, daemon=True) for _ in range(CARRIERS)]
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

    def notify(self, application: str) -> None:
        """Argo CD says that an application has changed."""
        if self._lost(self.losses.notifications):
            self._diary.note("notification lost", application)
        else:
            self._bag.put(("/api/argocd", {"application": application}, ARGOCD_TOKEN, False))

    def alert(self, body: dict[str, Any]) -> None:
        """Both of a pair of Alertmanagers tell; each tries until it is answered."""
        for _ in range(2):
            self._bag.put(("/alerts", body, ALERTS_TOKEN, True))

    def _lost(self, share: float) -> bool:
        with self._lock:
            return self._random.random() < share

    def _collect(self) -> None:
        while not self._over.wait(0.02):
            for delivery in self._town.github.webhooks.take():
                ours = not isinstance(route(delivery.event, delivery.payload, app_id=self._town.app.id), Drop)
                if ours:
                    self.sent.add(delivery.guid)
                if self._lost(self.losses.webhooks):
                    self._lose(delivery)
                    continue
                self._bag.put(delivery)
                if self._lost(TWICE):
                    self._bag.put(delivery)

    def _lose(self, delivery: Delivery) -> None:
        gone = self._lost(0.5)
        if not gone:
            self._town.github.webhooks.failed(delivery)
        self._diary.note(
            "webhook gone" if gone else "webhook failed", f"{delivery.event} {delivery.action or ''}"
        )

    def _carry(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._over.is_set():
                try:
                    item = self._bag.get(timeout=0.2)
                except queue.Empty:
                    continue
                try:
                    self._deliver(session, item)
                finally:
                    self._bag.task_done()

    def _deliver(self, session: requests.Session, item: Any) -> None:
        if isinstance(item, Delivery):
            status = self._posted(session, "/webhook", data=item.body, headers=dict(item.headers))
            if status == 202:
                with self._lock:
                    self.accepted.add(item.guid)
            elif item.guid not in self.accepted:
                self._town.github.webhooks.failed(item, status or 502)
            return
        path, body, token, again = item
        while self._posted(session, path, json=body, headers={"Authorization": f"Bearer {token}"}) in (
            0,
            503,
        ):
            if not again or self._over.wait(AGAIN_SECONDS):
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
