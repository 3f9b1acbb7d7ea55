"""A local GitHub with a config and an app repository, and the adapter that speaks to it over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.adapters.github import PERMISSIONS, AppClient, Installation, MemoryBudget
from bot.model.action import Action, CheckRun, OpenPull, Receipt
from bot.model.facts import Repository
from bot.sandbox.scenario import Link, Sandbox
from tests.contract.recorder import ContractRecorder

CONFIG = "splattop/config"
APP = "splattop/app"
DEV = "helm/values-dev.yaml"
STAGING = "helm/values-staging.yaml"
BRANCH = "lockstep/staging/app"
CRLF = b"\xef\xbb\xbfapi:\r\n  tag: '1.0'\r\n"
FILES: dict[str, Any] = {
    DEV: CRLF,
    STAGING: b"api:\n  tag: 1.0.0",
    "binary.yaml": b"\x00\xff\x00",
    "latin.yaml": b"name: caf\xe9\n",
    "link.yaml": Link("helm/values-dev.yaml"),
    "promotion/promotion-rules.yaml": b"version: 1\n",
}
BUMPED = b"api:\n  tag: 1.1.0"
PEM: list[str] = []
"""The App's key, made once: RSA keys are slow."""


@dataclass(slots=True, kw_only=True)
class Local:
    """The local GitHub and the bot's adapter side by side."""

    hub: Sandbox
    app: AppClient
    installation_id: int
    github: Installation
    config: Repository

    @property
    def base(self) -> str:
        """The tip of the config repository's main."""
        return self.hub.sha(CONFIG, "main") or ""

    def opening(self, **fields: Any) -> OpenPull:
        """The action that opens the promotion to staging."""
        given: dict[str, Any] = {
            "because": "a release arrived",
            "branch": BRANCH,
            "branch_sha": None,
            "base_ref": "main",
            "base_sha": self.base,
            "files": {STAGING: BUMPED},
            "message": "Promote api 1.1.0 to staging\n\nRelease: app@1.1\n",
            "title": "Promote api 1.1.0 to staging",
            "body": "What moves.",
            "labels": ("automation:release-bump", "env:staging"),
            "checks": ("lockstep: main", "lockstep: main / gates"),
        }
        return OpenPull(**(given | fields))

    def opened(self, **fields: Any) -> Receipt:
        """Opens it."""
        return self.github.apply(self.config, [self.opening(**fields)])[0]

    def apply(self, *actions: Action) -> tuple[Receipt, ...]:
        """Applies actions to the config repository."""
        return self.github.apply(self.config, actions)

    def pull(self, number: int) -> Any:
        """The live pull request."""
        return self.hub.repo(CONFIG).pull(number)

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The requests that are made meanwhile, a token's mint apart."""
        before = len(self.hub.requests)
        made: list[str] = []
        yield made
        made += [
            f"{entry.method} {entry.path}"
            for entry in self.hub.requests[before:]
            if not entry.path.endswith("/access_tokens")
        ]


@contextmanager
def local_github() -> Iterator[Local]:
    """Starts it; in the end every request must have been one that GitHub understands."""
    recorder = ContractRecorder()
    with Sandbox.start() as hub:
        hub.observe(recorder)
        app = hub.app(11, PEM[0] if PEM else None, permissions=dict(PERMISSIONS))
        PEM[:] = [hub.private_key_of(app)]
        hub.org("splattop", admins=["ana"])
        hub.repository(CONFIG, FILES, by="ana")
        hub.repository(APP, by="ana")
        installed = hub.install(app, "splattop")
        client = AppClient(
            app_id=11,
            private_key=PEM[0],
            api_url=hub.api_url,
            clock=lambda: datetime.now(UTC),
            budget=MemoryBudget(),
            bot_id=app.bot.id,
        )
        github = client.installation(installed.id)
        config = next(each for each in github.repositories() if each.full_name == CONFIG)
        yield Local(hub=hub, app=client, installation_id=installed.id, github=github, config=config)
        assert hub.unknown_routes == []
        assert hub.crashes == []
    assert [str(each) for each in recorder.violations if each.side == "request"] == []


def check(local: Local, sha: str, **fields: Any) -> CheckRun:
    """A check run as it should stand."""
    given: dict[str, Any] = {
        "name": "lockstep: main",
        "head_sha": sha,
        "status": "completed",
        "conclusion": "success",
        "title": "All is well",
        "summary": "Every gate passed.",
    }
    return CheckRun(**(given | fields))
