"""What stories after a merge share: a local Argo CD, a service that answers health checks, the rules for both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from bot.model.deployment import Deployment, DeploymentState
from bot.sandbox.argocd import Application, ArgoCD
from bot.sandbox.state import Deployment as Mirrored
from bot.sandbox.state import Pull
from bot.wiring import works
from tests.builders import digest
from tests.stories.cast import Bot, Town

DEV = "    merge: auto\n"
RULES = "promotion/promotion-rules.yaml"
STAND_INS = "127.0.0.1"


@dataclass
class Service:
    """What was deployed, as health checks see it: the next answers, the last of which stays."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b'{"status": "ok"}')])
    asked: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Answers on a free port of this machine while the context lasts."""
        service = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked.append(self.path)
                status, body = service.answers.pop(0) if len(service.answers) > 1 else service.answers[0]
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer((STAND_INS, 0), Handler)
        service.url = f"http://{STAND_INS}:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def demand(town: Town, keys: str, *, environment: str = DEV, top: str = "") -> None:
    """Adds keys to an environment of the rules (dev), and lines at the top level."""
    there = town.github.file("splattop/config", "main", RULES)
    assert there is not None
    lines = "".join(f"    {line}\n" for line in keys.splitlines())
    changed = there.decode().replace(environment, f"{environment}{lines}", 1) + top
    town.github.push("splattop/config", "main", {RULES: changed}, by="ana")


def equip(bot: Bot, **settings: object) -> None:
    """The bot with other settings."""
    from dataclasses import replace

    bot.settings = replace(bot.settings, **settings)  # type: ignore[arg-type]  # settings by name
    bot.works = works(bot.settings, store=bot.store, clock=bot.works.house.clock)


def image(component: str = "api", letter: str = "a") -> str:
    return f"ghcr.io/splattop/{component}:7.0.0@{digest(letter)}"


def rolls_out(argocd: ArgoCD, letter: str = "a") -> None:
    """From now on every sync succeeds at once."""

    def rollout(app: Application, _revision: str) -> None:
        argocd.finishes(app, [image(letter=letter)])
        argocd.becomes(app, "Healthy")

    argocd.rollout = rollout


def deployment(bot: Bot, pull: Pull) -> Deployment:
    """What is on record of a pull request's deployment."""
    found = bot.store.deployments.by_pull(pull.repo.id, pull.number)
    assert found is not None, f"no deployment of #{pull.number}"
    return found


def stands(bot: Bot, pull: Pull) -> str:
    """The state of a pull request's deployment, in its word."""
    return deployment(bot, pull).state.value


def states(bot: Bot, pull: Pull) -> list[str]:
    """All states that it went through."""
    return [each.state.value for each in deployment(bot, pull).transitions]


def story(pull: Pull) -> str:
    """The one comment that tells what happened."""
    return "\n".join(each.body for each in pull.comments if "lockstep:story" in each.body)


def mirrored(town: Town) -> list[tuple[str, str, list[str]]]:
    """GitHub's Deployments: environment, short commit, and the states that each went through."""
    found: list[Mirrored] = list(town.github.repo("splattop/config").deployments.values())
    return [(each.environment, each.sha[:7], [status.state for status in each.statuses]) for each in found]


def merged(town: Town, environment: str = "dev") -> Pull:
    """The merged pull request to an environment."""
    return town.pull(environment, "merged")


LIVE, FAILED = DeploymentState.LIVE.value, DeploymentState.FAILED.value
