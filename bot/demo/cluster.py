"""The trial's cluster: a local Argo CD that rolls out what Git says, and the service that health checks ask.

Argo CD is the stand-in of the tests, over HTTP; it tells Lockstep of each change, as Argo CD Notifications do. Versions
that are known to be bad answer 500, as the release does that the trial lets go wrong.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import requests

from bot.decide.bump import ImageAt, read_images
from bot.sandbox.argocd import Application, ArgoCD
from bot.sandbox.scenario import Sandbox

APPLICATION = "splattop-staging"
VALUES = "helm/splattop/values-staging.yaml"
COMPONENTS = ("api", "web", "worker")
ROLLOUT = 1.0
"""Seconds that the pods take."""
SERVICE = "http://127.0.0.1:8099"
"""What the rules file of the trial says; it stands for the address that the service gets."""
_CONFIG = "splattop/config"


@dataclass(kw_only=True)
class Cluster:
    """What runs in staging, and who is told of it. `notify` is told the name of an application that has changed."""

    github: Sandbox
    argocd: ArgoCD
    url: str
    bad: set[str] = field(default_factory=set)
    """Tags of the api that do not work."""
    notify: Callable[[str], None] = lambda _name: None
    _running: dict[str, str] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    @classmethod
    @contextmanager
    def start(cls, github: Sandbox) -> Iterator[Self]:
        """Serves while the context lasts."""
        with ArgoCD.start(clock=lambda: datetime.now(UTC)) as argocd, _serving() as server:
            cluster = cls(github=github, argocd=argocd, url=f"http://127.0.0.1:{server.server_port}")
            server.health = cluster.health
            argocd.rollout = cluster._rolls_out
            try:
                yield cluster
            finally:
                cluster._over.set()

    def settings(self, token: str) -> dict[str, str]:
        """What Lockstep needs to know of it; `token` opens its door for notifications."""
        return {
            "ARGOCD_SERVER": self.argocd.url,
            "ARGOCD_AUTH_TOKEN": self.argocd.token,
            "ARGOCD_WEBHOOK_TOKEN": token,
            "VERIFY_PRIVATE_URLS": self.url,
        }

    def runs(self, revision: str) -> None:
        """The application is there and runs what Git says at a commit."""
        app = self.argocd.application(APPLICATION)
        self._running = self._tags(revision)
        self.argocd.deploys(app, revision, self._images(revision))

    def health(self) -> tuple[int, dict[str, str]]:
        """The service's answer: status and body."""
        version = self._running.get("api", "")
        well = version not in self.bad
        return (200 if well else 500), {"status": "ok" if well else "checkout fails", "api": version}

    def _rolls_out(self, app: Application, revision: str) -> None:
        """A sync begins; the pods take a moment, and Lockstep hears of it when they are there."""

        def roll() -> None:
            if self._over.wait(ROLLOUT):
                return
            self.argocd.finishes(app, self._images(revision))
            self._running = self._tags(revision)
            self.argocd.becomes(app, "Healthy")
            self.notify(app.name)

        threading.Thread(target=roll, name="rollout", daemon=True).start()

    def _values(self, revision: str) -> Mapping[str, ImageAt]:
        found = self.github.file(_CONFIG, revision, VALUES)
        return read_images(found or b"", COMPONENTS, path="{component}.image", file=VALUES)

    def _images(self, revision: str) -> list[str]:
        found = self._values(revision).items()
        return [f"ghcr.io/splattop/{name}:{it.tag}@{it.digest}" for name, it in found]

    def _tags(self, revision: str) -> dict[str, str]:
        return {name: it.tag or "" for name, it in self._values(revision).items()}


def notifier(board: str, token: str) -> Callable[[str], None]:
    """Tells Lockstep, as Argo CD Notifications do; what is not heard is found by polling."""

    def notify(name: str) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for _ in range(5):
                try:
                    session.post(
                        f"{board}/api/argocd",
                        json={"application": name},
                        headers={"Authorization": f"Bearer {token}"},
                        timeout=5,
                    )
                    return
                except requests.RequestException:
                    time.sleep(0.2)

    return notify


class _Server(ThreadingHTTPServer):
    """Answers every path with the service's health."""

    daemon_threads = True
    health: Callable[[], tuple[int, dict[str, str]]]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """The service's health."""
        status, told = self.server.health()
        data = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def _serving() -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
