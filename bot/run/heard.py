"""The comments that came in, as their authors created them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.delivery import StoredDelivery
from bot.model.facts import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A comment as its author created it; later edits are never read (attack case 64)."""

    delivery_id: str
    comment_id: int
    node_id: str
    body: str
    author: Actor
    at: datetime
    """When it was received."""
    created_at: datetime | None
    """When it was written, by GitHub's clock."""


def heard(deliveries: Sequence[StoredDelivery]) -> Iterable[Heard]:
    """The created comments among the deliveries; anything incomplete (a deleted account) is no command."""
    for delivery in deliveries:
        if (delivery.event, delivery.action) != ("issue_comment", "created"):
            continue
        comment = json.loads(delivery.payload).get("comment") or {}
        user = comment.get("user") or {}
        if not (comment.get("id") and comment.get("node_id") and user.get("id") and user.get("login")):
            continue
        yield Heard(
            delivery_id=delivery.id,
            comment_id=int(comment["id"]),
            node_id=str(comment["node_id"]),
            body=str(comment.get("body") or ""),
            author=Actor(id=int(user["id"]), login=str(user["login"]), is_bot=user.get("type") == "Bot"),
            at=delivery.received_at,
            created_at=_moment(comment.get("created_at")),
        )


def _moment(text: object) -> datetime | None:
    """GitHub's time, or None when it is none: what comes with a webhook is not believed to be well-formed."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
