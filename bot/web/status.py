"""`GET /status`: the safety status (row G6). Whether anything may happen by itself, and what holds it back now.

Public like the board, and like it reads the store alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from bot.decide.hotfix import debts
from bot.decide.rollback.safety import PREFIX, Safety, from_mark, standing
from bot.errors import LockstepError
from bot.model.rollback import RollbackRecord
from bot.model.tidings import ChannelState
from bot.web.fresh import Fresh
from bot.web.ports_pages import Debts, Holds, Marks, Vetoes

DEFAULT_COOLDOWN = 120
"""Seconds: the shipped default, told while no environment may roll back by itself."""
WINDOW = timedelta(days=7)
"""How far back automatic rollbacks are counted; no breaker's window is longer in practice."""


class Store(Protocol):
    """What the page reads."""

    def numbers(self) -> Mapping[str, float]:
        """Gauges."""

    @property
    def marks(self) -> Marks: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def vetoes(self) -> Vetoes: ...
    @property
    def debts(self) -> Debts: ...
    @property
    def rollbacks(self) -> Rollbacks: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def budget(self) -> Budget: ...
    @property
    def notices(self) -> Notices: ...


class Notices(Protocol):
    """How the channels do by which people are told."""

    def channels(self) -> Sequence[ChannelState]:
        """Every channel."""


class Inbox(Protocol):
    """What came in."""

    def last_received(self) -> datetime | None:
        """When the newest delivery came in; None before the first."""


class Left(Protocol):
    """What is left of one budget of GitHub's, as last heard."""

    @property
    def installation_id(self) -> int: ...
    @property
    def resource(self) -> str: ...
    @property
    def remaining(self) -> int: ...
    @property
    def limit(self) -> int: ...
    @property
    def reset_at(self) -> datetime: ...


class Budget(Protocol):
    """GitHub's request budget."""

    def left(self) -> Sequence[Left]:
        """By installation and resource."""


class Rollbacks(Protocol):
    """Rollbacks everywhere."""

    def automatic_since(self, since: datetime) -> Sequence[RollbackRecord]:
        """Automatic ones that were opened, or stopped by the breaker, since then; oldest first."""


def status(store: Store, clock: Callable[[], datetime]) -> Blueprint:
    """The page, for `create_app(rooms=…)`."""
    routes = Blueprint("status", __name__)
    read = Fresh(lambda: _status(store, clock()))

    @routes.get("/status")
    def show() -> ResponseReturnValue:
        """The seed's six fields, and what holds things back."""
        try:
            return jsonify(read())
        except LockstepError as error:  # its text holds no secret
            return jsonify(error=f"The status cannot be read now: {error}"), 503, {"Retry-After": "5"}

    return routes


def _status(store: Store, now: datetime) -> dict[str, Any]:
    places = [from_mark(value) for value in store.marks.under(PREFIX).values() if value]
    armed = [each for each in places if each.automatic]
    recent = store.rollbacks.automatic_since(now - WINDOW)
    cooldowns = [int(each.cooldown.total_seconds()) for each in armed]
    received, numbers = store.inbox.last_received(), store.numbers()
    return {
        "service": "lockstep",
        "status": "running",
        "enabled": bool(armed),
        "actions": sorted({action for each in armed for action in (*each.alerts, *each.triggers)}),
        "cooldown_sec": max(cooldowns, default=DEFAULT_COOLDOWN),
        "timestamp": now.isoformat(),
        "environments": [_place(each, recent, now) for each in places],
        "holds": [
            {
                "environment": each.environment,
                "pull": each.pull,
                "by": each.by.login,
                "since": each.at.isoformat(),
            }
            for each in store.holds.everywhere()
        ],
        "vetoes": [
            {
                "component": each.component,
                "tag": each.tag,
                "digest": each.digest,
                "environment": each.environment,
                "since": each.at.isoformat(),
            }
            for each in store.vetoes.everywhere()
        ],
        "debts": [debts.shown(each) for each in store.debts.everywhere()],
        "dry_run": False,
        "freeze": [f"{each.repository} {each.environment}" for each in places if each.frozen],
        "last_webhook": received.isoformat() if received else None,
        "api_budget": [
            {
                "installation": each.installation_id,
                "resource": each.resource,
                "remaining": each.remaining,
                "limit": each.limit,
                "reset": each.reset_at.isoformat(),
            }
            for each in store.budget.left()
        ],
        "queue_depth": int(numbers.get("jobs_waiting", 0) + numbers.get("jobs_running", 0)),
        "channels": [_channel(each) for each in store.notices.channels()],
        "queue": dict(numbers),
    }


def _channel(each: ChannelState) -> dict[str, Any]:
    """Names and counts alone: an address is a secret."""
    state = "not set up" if each.missing else "failing" if each.failures else "working"
    return {
        "channel": each.name,
        "kind": each.kind,
        "state": state,
        "needs": each.missing or None,
        "trouble": each.trouble or None,
        "failing_since": each.failing_since.isoformat() if each.failing_since else None,
        "waiting": each.waiting,
        "dropped": each.dropped,
        "last_sent": each.sent_at.isoformat() if each.sent_at else None,
    }


def _place(place: Safety, recent: Sequence[RollbackRecord], now: datetime) -> dict[str, Any]:
    now_there = standing(place, recent, now)
    return {
        "repository": place.repository,
        "environment": place.environment,
        "automatic": place.automatic,
        "triggers": list(place.triggers),
        "alerts": list(place.alerts),
        "cooldown_sec": int(place.cooldown.total_seconds()),
        "cooldowns_remaining_sec": dict(now_there.cooling),
        "breaker": {
            "open": now_there.tripped,
            "used": now_there.used,
            "limit": place.limit,
            "window_sec": int(place.window.total_seconds()),
            "waiting_for_people": now_there.waiting,
        },
        "frozen": place.frozen,
    }
