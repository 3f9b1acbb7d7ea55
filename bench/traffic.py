"""People and GitHub for a measurement: releases, comments and reviews happen, and their webhooks are delivered.

Deliveries are sent as GitHub sends them; one that is answered with 5xx, or not at all, is sent again with the same id
until it is accepted, as GitHub does when it is asked to redeliver. One in ten is sent twice.
"""

from __future__ import annotations

import hashlib
import json
import queue
import random
import threading
from collections import Counter

import requests

from bot.decide.routing import Drop, route
from bot.sandbox.errors import Refused
from bot.sandbox.state import Pull
from bot.sandbox.webhooks import Delivery
from tests.stories.cast import Town

SENDERS = 8
AGAIN_SECONDS = 0.3
TWICE = 0.1
COMPONENTS = ("api", "web")


class Office:
    """Delivers what the local GitHub has to say to one address, in threads, until it is closed."""

    def __init__(self, town: Town, url: str, seed: int) -> None:
        self._town, self._url = town, url
        self._random = random.Random(seed)
        self._bag: queue.Queue[Delivery] = queue.Queue()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.sent: set[str] = set()
        """Ids of the deliveries that touch something of ours; the others are sent, but nothing is expected of them."""
        self.accepted: set[str] = set()
        self.answers: Counter[str] = Counter()
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

    def _collect(self) -> None:
        while not self._over.wait(0.02):
            for delivery in self._town.github.webhooks.take():
                if not isinstance(route(delivery.event, delivery.payload, app_id=self._town.app.id), Drop):
                    self.sent.add(delivery.guid)
                self._bag.put(delivery)
                if self._random.random() < TWICE:
                    self._bag.put(delivery)

    def _carry(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._over.is_set():
                try:
                    delivery = self._bag.get(timeout=0.2)
                except queue.Empty:
                    continue
                while not self._delivered(session, delivery) and not self._over.wait(AGAIN_SECONDS):
                    pass
                self._bag.task_done()

    def _delivered(self, session: requests.Session, delivery: Delivery) -> bool:
        try:
            status = str(
                session.post(self._url, data=delivery.body, headers=delivery.headers, timeout=10).status_code
            )
        except requests.RequestException as error:
            status = type(error).__name__
        with self._lock:
            self.answers[status] += 1
            if status == "202":
                self.accepted.add(delivery.guid)
        return status.startswith(("2", "4"))  # a refusal is final: it counts as sent and not accepted


class People:
    """What developers, reviewers and commenters do, by chance but the same for the same seed."""

    def __init__(self, town: Town, seed: int) -> None:
        self._town = town
        self._random = random.Random(seed)
        self.newest: dict[str, str] = {}
        """The digest that each component was last released with."""
        self.acts: Counter[str] = Counter()

    def act(self) -> None:
        """One thing happens. What GitHub refuses at this moment is not done."""
        choices = (self._release, self._comment, self._approve, self._merge)
        chosen = self._random.choices(choices, weights=(5, 2, 2, 2))[0]
        try:
            with self._town.github.world.lock:
                chosen()
        except Refused:
            self.acts["refused"] += 1

    def release(self, components: tuple[str, ...] = COMPONENTS) -> None:
        """CI finishes a build of these components."""
        town = self._town
        town.number += 1
        files = {"VERSION": f"{town.number}\n"}
        sha = town.github.push("splattop/app", "main", files, by="dev", message="Ship it")
        run = town.started(sha)
        made = {
            name: "sha256:" + hashlib.sha256(f"{name} {town.number}".encode()).hexdigest()
            for name in components
        }
        tags = {
            name: {"tag": f"{town.number}.0.0", "sha": sha[:7], "digest": digest}
            for name, digest in made.items()
        }
        town.finished(run, artifact={"component-tags.json": json.dumps(tags).encode()})
        self.newest |= made
        self.acts["releases"] += 1

    def _release(self) -> None:
        self.release(self._random.choice((COMPONENTS, ("api",), ("web",))))

    def _comment(self) -> None:
        found = self._town.pulls("all")
        if found:
            said = self._random.choice(("/help", "/promote staging", "Looks good.", "/promote"))
            who = self._random.choice(("ana", "ana", "ben"))
            self._town.github.comment(self._random.choice(found[-6:]), who, said)
            self.acts["comments"] += 1

    def _staging(self) -> Pull | None:
        return next((each for each in self._town.pulls() if "/staging/" in each.head_ref), None)

    def _approve(self) -> None:
        if found := self._staging():
            self._town.github.review(found, "ana")
            self.acts["reviews"] += 1

    def _merge(self) -> None:
        if found := self._staging():
            self._town.github.merge(found, "ana")
            self.acts["merges"] += 1
