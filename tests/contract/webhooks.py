"""Holds a webhook delivery (headers and payload) against GitHub's published webhook schemas.

Header names: https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from tests.contract.schemas import Checker, Description, Problem, load

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEADERS = {
    "x-github-event": re.compile(r"[a-z_]+"),
    "x-github-delivery": _GUID,
    "x-hub-signature-256": re.compile(r"sha256=[0-9a-f]{64}"),
    "x-github-hook-id": re.compile(r"\d+"),
    "x-github-hook-installation-target-type": re.compile(r"integration|repository|organization"),
    "x-github-hook-installation-target-id": re.compile(r"\d+"),
    "user-agent": re.compile(r"GitHub-Hookshot/.+"),
    "content-type": re.compile(r"application/json(;.*)?"),
}
# GitHub sends these, but the description that we hold was cut without them; they go unjudged.
_NOT_HELD = {"ping", "repository", "repository_dispatch"}


class WebhookContract:
    """Every described event and action; schemas are compiled when they are first used."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self._checkers: dict[str, Checker] = {}

    def name_of(self, event: str, payload: Mapping[str, Any]) -> str:
        """GitHub's name for event and action, e.g. `pull-request-opened`; `push` has no action."""
        action = payload.get("action")
        return f"{event}-{action}".replace("_", "-") if action else event.replace("_", "-")

    def payload_problems(self, event: str, payload: Any) -> list[Problem]:
        """What is wrong with a payload of this event."""
        if event in _NOT_HELD:
            return []
        if not isinstance(payload, dict):
            return [Problem(pointer="", message="a payload is a JSON object")]
        name = self.name_of(event, payload)
        if name not in self._description.document["webhooks"]:
            return [Problem(pointer="/action", message=f"GitHub describes no webhook {name}")]
        if name not in self._checkers:
            self._checkers[name] = self._description.checker(self._description.document["webhooks"][name])
        return self._checkers[name].problems(payload)

    def delivery_problems(self, headers: Mapping[str, str], body: bytes) -> list[Problem]:
        """What is wrong with a delivery, headers first."""
        lower = {name.lower(): value for name, value in headers.items()}
        problems = [
            Problem(pointer=f"header {name}", message=f"{lower.get(name)!r} does not match {pattern.pattern}")
            for name, pattern in _HEADERS.items()
            if not pattern.fullmatch(lower.get(name, ""))
        ]
        try:
            payload = json.loads(body)
        except ValueError as error:
            return [*problems, Problem(pointer="", message=f"not JSON: {error}")]
        return problems + self.payload_problems(lower.get("x-github-event", ""), payload)


@functools.cache
def webhook_contract() -> WebhookContract:
    """The contract of this process, loaded at the first call."""
    return WebhookContract(load("webhooks"))
