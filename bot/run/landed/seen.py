"""How far the default branch was looked at, and who pushed what since: kept as a mark between looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.model.delivery import StoredDelivery
from bot.model.facts import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Somebody's push to the default branch, by GitHub's word."""

    before: str
    after: str
    who: int
    login: str
    delivery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How far the branch was looked at, and what is known of what came after."""

    head: str
    pushes: tuple[Push, ...] = ()
    since: datetime | None = None
    """Since when there is something that came through no pull request, as far as GitHub says."""


def pushes_of(deliveries: Sequence[StoredDelivery], repository: Repository) -> list[Push]:
    """Who pushed to the default branch, by the deliveries that came in."""
    found = []
    for delivery in deliveries:
        payload: dict[str, Any] = json.loads(delivery.payload) if delivery.event == "push" else {}
        sender = payload.get("sender") or {}
        if payload.get("ref") != f"refs/heads/{repository.default_branch}" or not sender.get("id"):
            continue
        found.append(
            Push(
                before=str(payload.get("before")),
                after=str(payload.get("after")),
                who=int(sender["id"]),
                login=str(sender.get("login")),
                delivery=delivery.id,
            )
        )
    return found


def pushed_by(sha: str, pushes: Sequence[Push]) -> Push | None:
    """Whose push brought the commit: the one that ended with it, else the only one there is."""
    exact = next((push for push in reversed(pushes) if push.after == sha), None)
    return exact or (pushes[0] if len(pushes) == 1 else None)


def seen_of(mark: Any) -> Seen | None:
    """The mark as it was kept; None: the branch was never looked at."""
    if not mark:
        return None
    since = mark.get("since")
    return Seen(
        head=str(mark["head"]),
        pushes=tuple(Push(**each) for each in mark["pushes"]),
        since=datetime.fromisoformat(since) if since else None,
    )


def kept_as(seen: Seen) -> dict[str, Any]:
    """What is kept as the mark."""
    names = ("before", "after", "who", "login", "delivery")
    return {
        "head": seen.head,
        "pushes": [{name: getattr(push, name) for name in names} for push in seen.pushes],
        "since": seen.since.isoformat() if seen.since else None,
    }
