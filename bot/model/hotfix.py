"""Hotfixes: releases that take the short way, and the debt that they leave behind (rows R7, B5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bot.model.door import Door
from bot.model.facts import Actor
from bot.model.image import ComponentTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotfix:
    """A release that counts as a hotfix in one config repository, by its branch or by a person's word."""

    id: int = 0
    """The store's; 0 before it is kept."""
    installation_id: int
    config_repository_id: int
    source: str
    source_repository_id: int
    release_id: str
    fix_sha: str
    """The commit that it was built from, in full: what has to flow back."""
    branch: str
    components: Mapping[str, ComponentTag]
    """Those of the release that are meant: only they travel."""
    by: Actor | None = None
    """Who said so; None: it was built on one of `hotfix_branches`."""
    via: Door | None = None
    """How they said so; None: the branch says it."""
    declared_at: datetime
    postmortem: int | None = None
    """The number of the issue."""


class DebtEnd(Enum):
    """Why a debt is no longer in force. The values are what the ledger and the store keep."""

    FLOWED_BACK = "flowed back"
    """What came by the ordinary way contains the fix."""
    ROLLED_BACK = "rolled back"
    """The hotfix itself was taken back there."""
    WAIVED = "waived"
    """Somebody who may let a promotion pass without it, and said why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What an environment owes since a hotfix of a component was merged there: the way that it has skipped.

    While it is in force, nothing of that component is promoted there whose commit does not contain `fix_sha`.
    """

    id: int = 0
    config_repository_id: int
    environment: str
    component: str
    tag: ComponentTag
    """What the hotfix brought."""
    hotfix_id: int
    source: str
    fix_sha: str
    pull_number: int
    """The hotfix's pull request."""
    gates: Mapping[str, str] = field(default_factory=dict)
    """Gate that did not hold it to what it said."""
    since: datetime
    """When that was merged."""
    end: DebtEnd | None = None
    """None: in force."""
    ended_at: datetime | None = None
    ended_by: int | None = None
    """The pull request that ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A person's `/sync` before the merge: the yes to exactly these digests, by component."""

    by: Actor
    at: datetime
    digests: Mapping[str, str]
