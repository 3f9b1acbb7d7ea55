"""What the rules allow by itself in one environment, as a mark that the status page reads (row G6).

Written by the environment's look, so the page asks neither GitHub nor the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.model.facts import Repository
from bot.model.policy import Environment, Policy
from bot.model.rollback import RollbackRecord

PREFIX = "safety:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """One environment's switches, as they were seen last."""

    repository_id: int
    repository: str
    environment: str
    automatic: bool
    triggers: tuple[str, ...]
    alerts: tuple[str, ...]
    cooldown: timedelta
    limit: int
    window: timedelta
    frozen: bool


def key(repository_id: int, environment: str) -> str:
    """The mark's key."""
    return f"{PREFIX}{repository_id}:{environment}"


def mark(repository: Repository, policy: Policy, environment: Environment, *, frozen: bool) -> dict[str, Any]:
    """The mark's value."""
    rules = environment.rollback
    return {
        "repository_id": repository.id,
        "repository": repository.full_name,
        "environment": environment.name,
        "automatic": rules.automatic,
        "triggers": [each.value for each in rules.triggers],
        "alerts": list(rules.alerts),
        "cooldown": rules.cooldown.total_seconds(),
        "limit": rules.breaker_max,
        "window": rules.breaker_window.total_seconds(),
        "frozen": frozen,
        "rules": policy.sha,
    }


def from_mark(value: Mapping[str, Any]) -> Safety:
    """The inverse of `mark`."""
    return Safety(
        repository_id=int(value["repository_id"]),
        repository=str(value["repository"]),
        environment=str(value["environment"]),
        automatic=bool(value["automatic"]),
        triggers=tuple(value["triggers"]),
        alerts=tuple(value["alerts"]),
        cooldown=timedelta(seconds=float(value["cooldown"])),
        limit=int(value["limit"]),
        window=timedelta(seconds=float(value["window"])),
        frozen=bool(value["frozen"]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What holds automatic rollbacks of one environment back now."""

    used: int
    """Automatic ones within the breaker's window."""
    tripped: bool
    """Whether the breaker is open: people only."""
    waiting: int
    """Wishes that a lock stopped, for people to look at."""
    cooling: Mapping[str, int]
    """Component to the seconds that are left of its cooldown."""


def standing(place: Safety, recent: Sequence[RollbackRecord], now: datetime) -> Standing:
    """`recent` are automatic rollbacks of any environment that were opened, or stopped by a lock."""
    mine = [
        each
        for each in recent
        if (each.ask.config_repository_id, each.ask.environment) == (place.repository_id, place.environment)
    ]
    opened = [(each, each.opened_at) for each in mine if each.opened_at is not None]
    used = sum(1 for _, at in opened if now - at < place.window)
    return Standing(
        used=used,
        tripped=place.automatic and used >= place.limit,
        waiting=len(mine) - len(opened),
        cooling={
            component: int((place.cooldown - (now - at)).total_seconds())
            for each, at in opened
            if now - at < place.cooldown
            for component in each.after
        },
    )
