"""A small world for the tests of the local GitHub: one App, one organization, two repositories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
import requests

from bot.sandbox.actions.apps import new_key
from bot.sandbox.scenario import Sandbox
from bot.sandbox.state import App, Installation, Pull

PERMISSIONS = dict.fromkeys(
    ["actions", "checks", "contents", "deployments", "issues", "pull_requests", "statuses"], "write"
) | {"administration": "read", "members": "read", "metadata": "read"}
EVENTS = [
    "check_run",
    "check_suite",
    "deployment",
    "deployment_status",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "push",
    "status",
    "workflow_run",
]
APP, CONFIG = "/repos/splattop/app", "/repos/splattop/config"


@cache
def key() -> str:
    """One RSA key for all tests; making one takes long."""
    return new_key()


@dataclass
class Caller:
    """HTTP as somebody: ``get("/app")``, ``post(path, {...})``; never follows redirects."""

    base: str
    token: str | None
    session: requests.Session = field(default_factory=requests.Session)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        url = path if path.startswith("http") else self.base + path
        return self.session.request(
            method, url, json=body, headers=headers, timeout=10, allow_redirects=False
        )

    def get(self, path: str, **headers: str) -> requests.Response:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self("POST", path, body or {})

    def put(self, path: str, body: Any = None) -> requests.Response:
        return self("PUT", path, body or {})

    def patch(self, path: str, body: Any = None) -> requests.Response:
        return self("PATCH", path, body or {})

    def delete(self, path: str) -> requests.Response:
        return self("DELETE", path)


@dataclass
class Scene:
    """The running world with its App, its installation and ways to call."""

    github: Sandbox
    app: App
    installation: Installation

    def bot(self, **asked: Any) -> Caller:
        return Caller(self.github.base_url, self.github.installation_token(self.installation, **asked))

    def jwt(self, **claims: Any) -> Caller:
        return Caller(self.github.base_url, self.github.jwt(self.app, **claims))

    def person(self, login: str) -> Caller:
        return Caller(self.github.base_url, self.github.user_token(login))

    def nobody(self) -> Caller:
        return Caller(self.github.base_url, None)

    def change(self, branch: str = "bump", text: str = "a: 2\n", by: str = "ana") -> Pull:
        """An open pull request that changes ``values.yaml``."""
        self.github.push("splattop/config", branch, {"values.yaml": text}, by)
        return self.github.open_pull("splattop/config", branch, by, f"Bump {branch}")


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Sandbox.start() as github:
        app = github.app(7, key(), "s3cret", permissions=PERMISSIONS, events=EVENTS)
        github.org("splattop", admins=["ana"])
        github.team("splattop/platform", ["ben"])
        github.repository("splattop/app")
        github.repository("splattop/config", {"values.yaml": "a: 1\n", "other.txt": "x\n"})
        github.grant("splattop/platform", "splattop/config", "write")
        github.grant("cho", "splattop/config", "read")
        installation = github.install(app, "splattop")
        yield Scene(github, app, installation)
        assert github.crashes == []
