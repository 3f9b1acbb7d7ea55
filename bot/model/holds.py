"""Holds: an environment, or one pull request, that stays where it is until somebody lets it go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.facts import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Exactly one of `environment` and `pull` is set. In force while `released_at` is None."""

    repository_id: int
    environment: str | None = None
    pull: int | None = None
    reason: str
    """In words, or empty."""
    by: Actor
    at: datetime
    released_at: datetime | None = None
    released_by: Actor | None = None
