"""The Python face of the local GitHub: ``Sandbox.start()``, then sentences.

    with Sandbox.start(webhook_url="http://127.0.0.1:8000/webhook") as github:
        app = github.app(1, pem, "secret", permissions={...}, events=[...])
        github.org("splattop", admins=["ana"])
        github.repository("splattop/app")
        github.install(app, "splattop")
        run = github.start_run("splattop/app", ".github/workflows/build.yml")
        github.finish_run(run, "success", {"component-tags": {"component-tags.json": b"{}"}})
        github.webhooks.settle()

What is returned are the live entities of ``state``. ``cast`` and ``setting`` hold who and
what there is, ``ci`` and ``story`` what happens.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from bot.sandbox.actions.queue import follow
from bot.sandbox.ci import zipped
from bot.sandbox.door import Entry, HttpRequest, HttpResponse
from bot.sandbox.faults import Faults
from bot.sandbox.scanning import Scanning
from bot.sandbox.server import Control, Server
from bot.sandbox.setting import Link, Submodule
from bot.sandbox.state import App, World
from bot.sandbox.story import Story
from bot.sandbox.webhooks import Delivery, Webhooks

__all__ = ["Delivery", "Link", "Sandbox", "Submodule", "zipped"]


class Observer(Protocol):
    """What may listen: the contract recorder."""

    def on_exchange(self, request: Any, response: Any) -> None:
        """One request and its answer."""

    def on_webhook(self, headers: Any, body: bytes) -> None:
        """One delivery as it leaves."""


class Sandbox(Story, Scanning):
    """A running local GitHub. ``base_url`` serves the API, GraphQL at ``/graphql``, and the pages."""

    def __init__(
        self,
        webhook_url: str | None = None,
        home: Path | None = None,
        control_token: str | None = None,
    ) -> None:
        world = World(home)
        self._ci = {}
        self._timers = []
        super().__init__(world, webhook_url)
        self.faults = Faults(world)
        self.webhooks = Webhooks(world, self.faults)
        world.sinks.append(self._on_event)
        world.sinks.append(lambda event: follow(world, event))
        self.control_token = control_token or secrets.token_urlsafe(24)
        self.server = Server(world, self.faults, self.webhooks, self.control_token)
        self.base_url = ""

    @classmethod
    def start(
        cls,
        webhook_url: str | None = None,
        port: int = 0,
        home: Path | None = None,
        control_token: str | None = None,
    ) -> Self:
        """Start serving on 127.0.0.1 (port 0: a free one). Without ``webhook_url`` webhooks wait for ``take()``."""
        made = cls(webhook_url, home, control_token)
        made.base_url = made.server.start(port)
        return made

    def stop(self) -> None:
        """Stop threads and server, remove what was written."""
        for timer in self._timers:
            timer.cancel()
        self.server.stop()
        self.webhooks.stop()
        self.world.close()

    def __enter__(self) -> Self:
        """The sandbox itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    @property
    def api_url(self) -> str:
        """What ``GITHUB_API_URL`` is set to."""
        return self.base_url

    @property
    def webhook_url(self) -> str | None:
        """Where webhooks go; None keeps them for ``webhooks.take()``."""
        return self._webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self._webhook_url = url
        for app in self.world.apps.values():
            app.webhook_url = url

    @property
    def requests(self) -> list[Entry]:
        """Every API request so far, oldest first."""
        return self.server.door.log

    def writes(self, by: str | None = None) -> list[Entry]:
        """Requests that write (mutations count, minting a token does not), of one actor or of all."""
        return [e for e in self.requests if e.is_write and by in (None, e.actor)]

    @property
    def unknown_routes(self) -> list[str]:
        """``METHOD path`` of every request that was answered 501."""
        return self.server.unknown_routes

    @property
    def crashes(self) -> list[str]:
        """Faults of the sandbox itself (answered 500); a test may assert that there are none."""
        return self.server.crashes

    def observe(self, observer: Observer) -> None:
        """Let somebody listen to every exchange and every delivery."""
        self.on_exchange(observer.on_exchange)
        self.on_webhook(observer.on_webhook)

    def on_exchange(self, listener: Callable[[HttpRequest, HttpResponse], None]) -> None:
        """Call this after every API request, with the request and the answer."""
        self.server.door.observers.append(listener)

    def on_webhook(self, listener: Callable[[dict[str, str], bytes], None]) -> None:
        """Call this with headers and body of every delivery as it leaves."""
        self.webhooks.observers.append(listener)

    def on_control(self, verb: str, control: Control) -> None:
        """Answer ``POST /_sandbox/{verb}`` (bearer ``control_token``) by this function of the JSON body."""
        self.server.controls[verb] = control

    def on_release(self, control: Control) -> None:
        """Answer ``POST /_sandbox/release``: ``lockstep demo release`` from another terminal."""
        self.on_control("release", control)

    def ping(self, app: App) -> None:
        """GitHub's first delivery to a new hook."""
        with self.world.lock:
            self.webhooks.ping(app)

    def advance(self, seconds: float) -> None:
        """Let time pass on this GitHub: tokens expire, rate limits reset."""
        self.world.clock.advance(seconds)
