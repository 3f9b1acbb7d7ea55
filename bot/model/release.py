"""Releases and promotions: component digests that travel together, and their way as pull requests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.model.door import Door
from bot.model.image import ComponentTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What an accepted artifact hands over (row R1).

    `id` is `<source>@<run id>.<attempt>`, for example `app@6021.1`; it stands in the trailer `Release:`.
    """

    id: str
    installation_id: int
    source: str
    source_repository_id: int
    repository: str
    """The app repository's full name when it was accepted."""
    run_id: int
    run_attempt: int
    run_number: int
    run_url: str
    head_sha: str
    branch: str
    event: str
    artifact_sha256: str
    components: Mapping[str, ComponentTag]
    accepted_at: datetime

    @property
    def order(self) -> tuple[int, int]:
        """Newer releases sort higher: run ids rise with each new run, attempts with each re-run.

        Not the run number: that starts again at 1 when a workflow's file is replaced.
        """
        return (self.run_id, self.run_attempt)


class PromotionState(Enum):
    """Where a promotion pull request stands, as far as Lockstep has recorded it."""

    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


class PromotionKind(Enum):
    """Which way a pull request of ours goes."""

    PROMOTION = "promotion"
    ROLLBACK = "rollback"
    HOTFIX = "hotfix"
    """A fix on its short way: straight to where hotfixes enter (row R7)."""
    ALERTS = "alerts"
    """A bundle of alert rules on its way to the next environment; it moves no component."""

    @property
    def goes_forward(self) -> bool:
        """Whether it brings components to a release that they have not reached: what a rollback undoes."""
        return self in (PromotionKind.PROMOTION, PromotionKind.HOTFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A pull request that Lockstep opened, as recorded. `head_sha` is the last commit that Lockstep itself wrote."""

    installation_id: int
    config_repository_id: int
    environment: str
    source: str
    pull_number: int
    branch: str
    head_sha: str
    components: Mapping[str, ComponentTag]
    """What it changes; what the environment runs already is not among them."""
    release_ids: tuple[str, ...]
    requested_by_id: int | None
    requested_by_login: str | None
    state: PromotionState
    opened_at: datetime
    closed_at: datetime | None = None
    kind: PromotionKind = PromotionKind.PROMOTION
    scope: tuple[str, ...] = ()
    """The components it is about, sorted: those that it changes, and those whose newer release joins it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A person's `/promote` or `/hotfix` that waits for its answer. A comment asks for an environment once."""

    comment_id: int
    """The comment's id; where there is no comment, a negative number made of what came instead (`request_id`)."""
    installation_id: int
    config_repository_id: int
    pull_number: int
    """Where it was asked; 0 where there is no comment."""
    environment: str
    components: tuple[str, ...]
    """Empty: all that differ."""
    actor_id: int
    actor_login: str
    asked_at: datetime
    answered_at: datetime | None = None
    answer: str | None = None
    via: Door = Door.COMMENT
    delivery_id: str | None = None
    """What told of it, and `head_sha` what the pull request's head was then: for the ledger row of the answer."""
    head_sha: str | None = None
    hotfix: bool = False
    """Whether a hotfix is asked for."""


def request_id(key: str) -> int:
    """The negative number that stands for a request without a comment; the same for the same key (a delivery's id)."""
    return -1 - (int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 2)
