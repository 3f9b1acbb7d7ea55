"""A cluster of two environments behind a local Argo CD: it rolls out what Git says, and bad releases behave badly."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

import yaml

from bot.sandbox.argocd import Application, ArgoCD
from tests.stories.cast import Town
from tests.stories.deploying import Service

ENVIRONMENTS = ("dev", "staging")
TICK = 0.1
BADNESS = ("degraded", "health", "alert")
"""How a bad release shows: its pods do not come up, its health check fails, an alert fires once it is live."""


def at(town: Town, environment: str, revision: str) -> Mapping[str, tuple[str, str]]:
    """Component to its tag and digest by an environment's values file at a commit."""
    data = town.github.file(town.config, revision, f"helm/values-{environment}.yaml")
    found: Mapping[str, Any] = yaml.safe_load(data or b"{}")
    return {name: (str(each["image"]["tag"]), str(each["image"]["digest"])) for name, each in found.items()}


def wanted(town: Town, environment: str, revision: str) -> list[str]:
    """The images that the values file names."""
    return [
        f"ghcr.io/splattop/{name}:{tag}@{digest}"
        for name, (tag, digest) in at(town, environment, revision).items()
    ]


class Cluster:
    """Rolls out after a moment, tells of it, and answers health checks."""

    def __init__(self, town: Town, argocd: ArgoCD, services: Mapping[str, Service], seed: int) -> None:
        self._town, self.argocd, self.services = town, argocd, services
        self._random = random.Random(seed)
        self.bad: dict[str, str] = {}
        """Digest to its badness."""
        self.told: Callable[[str], None] = lambda _name: None
        """Called with an application's name when it has changed."""
        self._due: dict[str, datetime] = {}
        for environment in ENVIRONMENTS:
            app = argocd.application(f"splattop-{environment}")
            argocd.deploys(app, town.github.sha(town.config, "main") or "", wanted(town, environment, "main"))

    def running(self, environment: str) -> set[str]:
        """The digests that run there."""
        app = self.argocd.applications["argocd", f"splattop-{environment}"]
        return {each.partition("@")[2] for each in app.images}

    def badness(self, environment: str, kind: str) -> list[str]:
        """The digests that run there and are bad in this way."""
        return [each for each in sorted(self.running(environment)) if self.bad.get(each) == kind]

    def tick(self) -> None:
        """What is to be rolled out by now is, and health checks are answered by what runs."""
        for environment, service in self.services.items():
            service.answers = [(503, b"no") if self.badness(environment, "health") else (200, b"ok")]
        for app in list(self.argocd.applications.values()):
            operation = app.operation
            if operation is None or operation["phase"] != "Running":
                self._due.pop(app.name, None)
                continue
            now = datetime.now().astimezone()
            due = self._due.setdefault(app.name, now + timedelta(seconds=self._random.uniform(0.2, 2.5)))
            if now >= due:
                del self._due[app.name]
                self._rolled_out(app, str(operation["syncResult"]["revision"]))

    def _rolled_out(self, app: Application, revision: str) -> None:
        environment = app.name.removeprefix("splattop-")
        self.argocd.finishes(app, wanted(self._town, environment, revision))
        broken = self.badness(environment, "degraded")
        # A new pod that does not come up is news also where the one before did not.
        app.health = "Progressing"
        app.health_since = self.argocd.clock()
        self.argocd.becomes(app, "Degraded" if broken else "Healthy", "CrashLoopBackOff" if broken else "")
        self.told(app.name)

    def runs_until(self, over: threading.Event) -> None:
        """Ticks until told to stop."""
        while not over.wait(TICK):
            self.tick()


@contextmanager
def cluster(town: Town, seed: int) -> Iterator[Cluster]:
    """A running one."""
    over = threading.Event()
    with ExitStack() as stack:
        argocd = stack.enter_context(ArgoCD.start(town.github.world.clock.now))
        services = {name: stack.enter_context(Service.start()) for name in ENVIRONMENTS}
        made = Cluster(town, argocd, services, seed)
        thread = threading.Thread(target=made.runs_until, args=(over,), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            over.set()
            thread.join(10)
