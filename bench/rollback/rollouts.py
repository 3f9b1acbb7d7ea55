"""An Argo CD that takes its time: it applies a sync within a second, and its pods are up after thirty or so.

Not after thirty to the point: that would meet Lockstep's own rhythm of asking, for better or worse.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from bench.chaos.cluster import wanted
from bench.rollback.town import SEED
from bot.sandbox.argocd import Application, ArgoCD
from tests.stories.cast import Town

APPLIED, HEALTHY, SPREAD = 1.0, 30.0, 5.0
"""Seconds from the sync that was asked for to its end, and to the moment when the new pods are up, give or take."""


class Rollouts:
    """One application for each account's staging. Rolls out at once until `slow` is set."""

    def __init__(self, argocd: ArgoCD, tells: Callable[[str], None]) -> None:
        """`tells` is called with the name of an application that has changed."""
        self.argocd = argocd
        self.slow = False
        self._tells = tells
        self._towns: dict[str, Town] = {}
        self.took: dict[str, float] = {}
        """Seconds of each application's last rollout, from the sync that was asked for to pods that are up."""
        self._chance = random.Random(SEED)
        argocd.rollout = self._begun

    def watch(self, town: Town) -> None:
        """Creates the account's application, which runs what its values file says."""
        app = self.argocd.application(
            application(town.owner), repositories=[f"https://github.com/{town.config}.git"]
        )
        self._towns[app.name] = town
        self.argocd.deploys(app, town.github.sha(town.config, "main") or "", wanted(town, "staging", "main"))

    def _begun(self, app: Application, revision: str) -> None:
        asked = time.monotonic()
        if not self.slow:
            self._applied(app, revision)
            self._up(app, asked)
            return
        lasts = self._chance.uniform(HEALTHY - SPREAD, HEALTHY + SPREAD)
        for seconds, then in (
            (APPLIED, lambda: self._applied(app, revision)),
            (lasts, lambda: self._up(app, asked)),
        ):
            timer = threading.Timer(seconds, then)
            timer.daemon = True
            timer.start()

    def _applied(self, app: Application, revision: str) -> None:
        self.argocd.finishes(app, wanted(self._towns[app.name], "staging", revision))
        self.argocd.becomes(app, "Progressing")
        self._tells(app.name)

    def _up(self, app: Application, asked: float) -> None:
        self.argocd.becomes(app, "Healthy")
        self.took[app.name] = time.monotonic() - asked
        self._tells(app.name)


def application(owner: str) -> str:
    """The name of an account's application."""
    return f"{owner}-staging"
