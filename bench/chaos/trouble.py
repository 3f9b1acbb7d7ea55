"""What goes wrong: one trouble after the other, chosen by chance, each with an end (row G7)."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from bench.chaos.cluster import Cluster
from bench.chaos.diary import Diary
from bench.chaos.post import Losses, Post
from bench.kill import Lockstep
from bench.processes import Service, kill_postgres
from bot.adapters.store import Store, embedded
from bot.errors import Retryable
from bot.sandbox.door import HttpRequest, HttpResponse
from tests.stories.cast import Town

STATES = (
    "opened",
    "approved",
    "merged",
    "syncing",
    "verifying",
    "live",
    "failed",
    "rolling back",
    "rolled back",
)
"""States of a promotion in which the workers are killed (issue 5, "When things break")."""
_BEEN = (
    "select pull_number from deployments"
    " where transitions @> jsonb_build_array(jsonb_build_object('state', %s::text))"
)
WAITED = 8.0
"""Seconds that an ambush waits for its moment."""


class Trouble:
    """Makes it, and mends it again."""

    def __init__(
        self, town: Town, house: Lockstep, cluster: Cluster, post: Post, store: Store, diary: Diary, seed: int
    ) -> None:
        self._town, self._house, self._cluster = town, house, cluster
        self._post, self._store, self._diary = post, store, diary
        self._random = random.Random(seed)
        self._ambush: threading.Event = threading.Event()
        self._sprung: threading.Event = threading.Event()
        self._over = threading.Event()
        town.github.on_exchange(self._exchanged)
        self._kinds: dict[str, tuple[float, Callable[[], None]]] = {
            "a worker is killed": (3, lambda: self._killed(self._random.choice(house.workers))),
            "both workers are killed": (2, lambda: self._killed(*house.workers)),
            "a worker is stopped and started": (1, self._deployed),
            "the web process is killed": (2, lambda: self._killed(house.web)),
            "the database is killed": (2, self._database_killed),
            "the database is restarted": (2, self._database_restarted),
            "the workers are killed at a write": (4, self._at_a_write),
            "the workers are killed at a state": (5, self._at_a_state),
            "GitHub answers 5xx": (2, self._github_fails),
            "GitHub does it and says 502": (2, self._github_lies),
            "GitHub drops connections": (2, self._github_drops),
            "GitHub is slow": (1, self._github_is_slow),
            "GitHub asks for patience": (1, self._github_limits),
            "Argo CD answers 503": (2, self._argocd_down),
            "Argo CD stands still": (1, self._argocd_stands),
            "half the webhooks are lost": (2, lambda: self._lost(Losses(webhooks=0.5))),
            "all of Argo CD's notifications are lost": (1, lambda: self._lost(Losses(notifications=1))),
        }

    def runs_until(self, over: threading.Event) -> None:
        """One after the other, with a pause between, until told to stop; the last one is mended then."""
        self._over = over
        while not over.wait(self._random.uniform(0.3, 2.5)):
            self.strike(self._random.choices([*self._kinds], [each for each, _ in self._kinds.values()])[0])

    def strike(self, kind: str) -> None:
        """One trouble from its beginning to its end."""
        self._diary.note(kind, loud=True)
        self._kinds[kind][1]()

    def mend(self) -> None:
        """All is well again."""
        self._ambush.clear()
        self._town.github.faults.clear()
        self._cluster.argocd.answers, self._cluster.argocd.standing_still = None, False
        self._post.losses = Losses()
        embedded.ensure(self._house.home)

    def _lasts(self, least: float, most: float) -> None:
        self._over.wait(self._random.uniform(least, most))

    def _killed(self, *services: Service) -> None:
        for service in services:
            service.kill()
            self._house.killed[service.name] += 1
        self._lasts(0.2, 1.5)
        for service in services:
            service.start()

    def _deployed(self) -> None:
        worker = self._random.choice(self._house.workers)
        worker.stop()
        worker.start()

    def _database_killed(self) -> None:
        kill_postgres(self._house.home)
        self._lasts(0.1, 3.0)
        self._up()

    def _database_restarted(self) -> None:
        with suppress(Retryable):
            embedded.stop(self._house.home)
        self._lasts(0.1, 3.0)
        self._up()

    def _up(self) -> None:
        with suppress(Retryable):
            embedded.ensure(self._house.home)

    def _at_a_write(self) -> None:
        """When GitHub has done what was asked and before it answers; that is how acts and their records part."""
        self._sprung.clear()
        self._ambush.set()
        if self._sprung.wait(WAITED):
            self._lasts(0.2, 1.0)
            for service in self._house.workers:
                service.start()
        elif not self._ambush.is_set():  # sprung at the last moment
            for service in self._house.workers:
                service.start()
        self._ambush.clear()

    def _exchanged(self, request: HttpRequest, response: HttpResponse) -> None:
        """Called between GitHub's deed and its answer."""
        path = request.path
        write = request.method in ("PUT", "POST", "PATCH", "DELETE") and not path.endswith("/access_tokens")
        if path.endswith("/graphql"):
            write = b"mutation" in request.body
        if write and response.status < 300 and self._ambush.is_set():
            self._ambush.clear()
            for service in self._house.workers:
                service.kill()
                self._house.killed[service.name] += 1
            what = request.body[:60].decode(errors="replace") if path.endswith("/graphql") else path
            self._diary.note("killed at", f"{request.method} {what}", loud=True)
            self._sprung.set()

    def _at_a_state(self) -> None:
        """As soon as some promotion has come to a state that chance chose."""
        state = self._random.choice(STATES)
        before = self._in(state)
        until = time.monotonic() + WAITED
        while time.monotonic() < until and not self._over.is_set():
            if fresh := self._in(state) - before:
                self._diary.note("killed in state", f"#{min(fresh)} {state}", loud=True)
                self._killed(*self._house.workers)
                return
            time.sleep(0.01)

    def _in(self, state: str) -> set[int]:
        """Pull requests that have ever come to that state."""
        with suppress(Retryable):
            return {int(row["pull_number"]) for row in self._store.database.rows(_BEEN, (state,))}
        return set()

    def _github_fails(self) -> None:
        self._town.github.faults.fails(self._random.choice((500, 502, 503)), times=None)
        self._lasts(1, 8)
        self._town.github.faults.clear()

    def _github_lies(self) -> None:
        for _ in range(self._random.randint(1, 4)):
            self._town.github.faults.performs_then_fails(502, operation="mutation")
            self._town.github.faults.performs_then_fails(502, path_pattern="/merge$|/check-runs|/comments")
        self._lasts(1, 5)
        self._town.github.faults.clear()

    def _github_drops(self) -> None:
        for _ in range(self._random.randint(1, 6)):
            self._town.github.faults.drops_connection(performs=self._random.random() < 0.5)
        self._lasts(1, 4)
        self._town.github.faults.clear()

    def _github_is_slow(self) -> None:
        self._town.github.faults.slow(self._random.uniform(0.5, 3), times=6)
        self._lasts(2, 5)
        self._town.github.faults.clear()

    def _github_limits(self) -> None:
        self._town.github.faults.rate_limited(secondary=self._random.randint(1, 3))
        self._lasts(1, 3)
        self._town.github.faults.clear()

    def _argocd_down(self) -> None:
        self._cluster.argocd.answers = (503, b"{}")
        self._lasts(1, 8)
        self._cluster.argocd.answers = None

    def _argocd_stands(self) -> None:
        self._cluster.argocd.standing_still = True
        self._lasts(1, 4)
        self._cluster.argocd.standing_still = False

    def _lost(self, losses: Losses) -> None:
        self._post.losses = losses
        self._lasts(2, 10)
        self._post.losses = Losses()
