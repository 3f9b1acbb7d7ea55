"""`GET /status`: the safety status (row G6). Whether anything may happen by itself, and what holds it back now.

Public like the board, and like it reads the store alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from bot.decide.rollback.safety import PREFIX, Safety, from_mark
from bot.errors import LockstepError
from bot.model.holds import Hold
from bot.model.rollback import RollbackRecord, Veto

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
    def rollbacks(self) -> Rollbacks: ...


class Marks(Protocol):
    """Small durable marks."""

    def under(self, prefix: str) -> Mapping[str, Any]:
        """All values whose key starts with `prefix`, by key."""


class Holds(Protocol):
    """Holds everywhere."""

    def everywhere(self) -> Sequence[Hold]:
        """All that are in force."""


class Vetoes(Protocol):
    """Vetoes everywhere."""

    def everywhere(self) -> Sequence[Veto]:
        """All that are in force."""


class Rollbacks(Protocol):
    """Rollbacks everywhere."""

    def automatic_since(self, since: datetime) -> Sequence[RollbackRecord]:
        """Automatic ones that were opened, or stopped by the breaker, since then; oldest first."""


def status(store: Store, clock: Callable[[], datetime]) -> Blueprint:
    """The page, for `create_app(rooms=…)`."""
    routes = Blueprint("status", __name__)

    @routes.get("/status")
    def show() -> ResponseReturnValue:
        """The seed's six fields, and what holds things back."""
        try:
            return jsonify(_status(store, clock()))
        except LockstepError as error:  # its text holds no secret
            return jsonify(error=f"The status cannot be read now: {error}"), 503, {"Retry-After": "5"}

    return routes


def _status(store: Store, now: datetime) -> dict[str, Any]:
    places = [from_mark(value) for value in store.marks.under(PREFIX).values() if value]
    armed = [each for each in places if each.automatic]
    recent = store.rollbacks.automatic_since(now - WINDOW)
    cooldowns = [int(each.cooldown.total_seconds()) for each in armed]
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
        "queue": dict(store.numbers()),
    }


def _place(place: Safety, recent: Sequence[RollbackRecord], now: datetime) -> dict[str, Any]:
    mine = [
        each
        for each in recent
        if (each.ask.config_repository_id, each.ask.environment) == (place.repository_id, place.environment)
    ]
    opened = [each for each in mine if each.opened_at is not None]
    counted = [each for each in opened if each.opened_at and now - each.opened_at < place.window]
    cooling = {
        component: int((place.cooldown - (now - each.opened_at)).total_seconds())
        for each in opened
        if each.opened_at is not None and now - each.opened_at < place.cooldown
        for component in each.after
    }
    return {
        "repository": place.repository,
        "environment": place.environment,
        "automatic": place.automatic,
        "triggers": list(place.triggers),
        "alerts": list(place.alerts),
        "cooldown_sec": int(place.cooldown.total_seconds()),
        "cooldowns_remaining_sec": cooling,
        "breaker": {
            "open": place.automatic and len(counted) >= place.limit,
            "used": len(counted),
            "limit": place.limit,
            "window_sec": int(place.window.total_seconds()),
            "waiting_for_people": sum(1 for each in mine if each.opened_at is None),
        },
        "frozen": place.frozen,
    }
