"""What people, CI and monitoring do, by chance but the same choices for the same seed."""

from __future__ import annotations

import hashlib
import json
import random
import threading
from datetime import datetime
from typing import Any

from bench.chaos.cluster import BADNESS, ENVIRONMENTS, Cluster
from bench.chaos.diary import Diary
from bench.chaos.post import Post
from bench.chaos.rules import ALERT
from bot.sandbox.argocd.applications import stamp
from bot.sandbox.errors import Refused
from bot.sandbox.state import Pull
from tests.stories.cast import Town

COMPONENTS = ("api", "web")
BAD = 0.3
"""The share of releases that are bad."""
ALERT_EVERY = 2.0


class People:
    """Everybody."""

    def __init__(self, town: Town, cluster: Cluster, diary: Diary, seed: int) -> None:
        self._town, self._cluster, self._diary = town, cluster, diary
        self._random = random.Random(seed)
        self.digests: dict[str, str] = {}
        """Each digest with the component and version that it was released as."""

    def act(self) -> None:
        """One thing happens. What GitHub refuses at this moment is not done."""
        acts = (
            self._release,
            self._approve,
            self._let_go,
            self._ask,
            self._roll_back,
            self._merge,
            self._close,
        )
        chosen = self._random.choices(acts, weights=(8, 12, 8, 3, 1.5, 1, 0.4))[0]
        try:
            with self._town.github.world.lock:
                chosen()
        except Refused as refused:
            self._diary.note("GitHub refuses a person", str(refused))

    def _release(self) -> None:
        """CI finishes a build, a good or a bad one."""
        town = self._town
        town.number += 1
        components = self._random.choice((COMPONENTS, ("api",), ("web",)))
        badness = self._random.choice(BADNESS) if self._random.random() < BAD else ""
        sha = town.github.push(
            "splattop/app", "main", {"VERSION": f"{town.number}\n"}, by="dev", message="Ship it"
        )
        run = town.started(sha)
        tags = {}
        for name in components:
            digest = "sha256:" + hashlib.sha256(f"{name} {town.number}".encode()).hexdigest()
            tags[name] = {"tag": f"{town.number}.0.0", "sha": sha[:7], "digest": digest}
            self.digests[digest] = f"{name} {town.number}.0.0"
            if badness:
                self._cluster.bad[digest] = badness
        town.finished(run, artifact={"component-tags.json": json.dumps(tags).encode()})
        self._diary.note("release", f"{', '.join(components)} {town.number}.0.0 {badness and f'({badness})'}")

    def _open(self, *parts: str) -> list[Pull]:
        return [each for each in self._town.pulls() if any(part in each.head_ref for part in parts)]

    def _approve(self) -> None:
        if found := self._open("/staging/"):
            pull = self._random.choice(found)
            self._town.github.review(pull, "ana")
            self._diary.note("approval", f"#{pull.number} {pull.title}")

    def _let_go(self) -> None:
        """Somebody looks after the environments that were rolled back."""
        self._say("\n".join(f"/unhold {each}" for each in ENVIRONMENTS))

    def _ask(self) -> None:
        self._say(
            self._random.choice(("/promote staging", "/status", "/retry", "/help", "Looks good.", "/sync"))
        )

    def _roll_back(self) -> None:
        found = [each for each in self._town.pulls("merged") if each.head_ref.startswith("lockstep/")][-4:]
        if found:
            self._say("/rollback reason: it feels slow", self._random.choice(found))

    def _say(self, words: str, pull: Pull | None = None) -> None:
        found = [each for each in self._town.pulls("all") if each.head_ref.startswith("lockstep/")][-6:]
        if pull is None and not found:
            return
        pull = pull or self._random.choice(found)
        self._town.github.comment(pull, "ana", words)
        self._diary.note("comment", f"#{pull.number} {words!r}")

    def _merge(self) -> None:
        if found := self._open("/staging/"):
            self._town.github.merge(found[0], by="ana")
            self._diary.note("merged by hand", f"#{found[0].number}")

    def _close(self) -> None:
        if found := self._open("/"):
            pull = self._random.choice(found)
            self._town.github.close(pull, by="ana")
            self._diary.note("closed by hand", f"#{pull.number} {pull.title}")


class Monitoring:
    """Prometheus and Alertmanager: alerts fire while a bad release of that kind runs, and are told again and again."""

    def __init__(self, cluster: Cluster, post: Post, diary: Diary) -> None:
        self._cluster, self._post, self._diary = cluster, post, diary
        self._firing: dict[tuple[str, str], datetime] = {}

    def runs_until(self, over: threading.Event) -> None:
        """Evaluates until told to stop."""
        while not over.wait(ALERT_EVERY):
            self.evaluate()

    def evaluate(self) -> None:
        """Once."""
        now = self._cluster.argocd.clock()
        there = {(env, digest) for env in ENVIRONMENTS for digest in self._cluster.badness(env, "alert")}
        for gone in self._firing.keys() - there:
            self._post.alert(notification(self._one(*gone, self._firing.pop(gone), "resolved")))
        for each in sorted(there):
            if each not in self._firing:
                self._firing[each] = now
                self._diary.note("alert fires", f"{each[0]} {each[1][7:19]}")
            self._post.alert(notification(self._one(*each, self._firing[each], "firing")))

    def _one(self, environment: str, digest: str, since: datetime, status: str) -> dict[str, Any]:
        return {
            "status": status,
            "labels": {"alertname": ALERT, "severity": "critical", "environment": environment},
            "annotations": {"lockstep": "rollback", "summary": "checkouts fail"},
            "startsAt": stamp(since),
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "https://prometheus.example.com/graph",
            "fingerprint": hashlib.sha256(f"{environment} {digest}".encode()).hexdigest()[:16],
        }


def notification(*alerts: dict[str, Any]) -> dict[str, Any]:
    """Alertmanager's webhook, version 4."""
    return {
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": alerts[0]["status"],
        "receiver": "lockstep", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "https://alertmanager.example.com", "alerts": list(alerts),
    }  # fmt: skip
