"""A message as the JSON that a webhook receives: `type`, `timestamp` and `data`, as Standard Webhooks has it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bot.model.tidings import Message, Tiding


def body(message: Message) -> str:
    """The body. `type` is `lockstep.<event>`, or `lockstep.several` when the message tells of several kinds."""
    events = sorted({each.event for each in message.tidings})
    return json.dumps(
        {
            "type": f"lockstep.{events[0] if len(events) == 1 else 'several'}",
            "timestamp": _time(message.at),
            "data": {
                "id": message.id,
                "title": message.title,
                "severity": message.severity.value,
                "repository": message.repository,
                "count": len(message.tidings) + message.more,
                "tidings": [_tiding(each) for each in message.tidings],
            },
        },
        ensure_ascii=False,
    )


def ping(at: datetime) -> str:
    """The body of the doctor's question: a message that tells nothing."""
    return json.dumps({"type": "lockstep.ping", "timestamp": _time(at), "data": {"count": 0, "tidings": []}})


def _tiding(each: Tiding) -> dict[str, Any]:
    found = {
        "event": each.event,
        "title": each.title,
        "severity": each.severity.value,
        "at": _time(each.at),
        "environment": each.environment,
        "reason": each.reason,
        "facts": [{"name": name, "value": value} for name, value in each.facts],
        "links": [{"label": link.label, "url": link.url} for link in each.links],
    }
    return found if each.data is None else {**found, "data": each.data}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
