"""What a rollback's decision rests on, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.decide.content import Content
from bot.model.image import ComponentTag, ImageAt
from bot.model.policy import Environment, Policy
from bot.model.release import Promotion, Release
from bot.model.rollback import RollbackRecord, Veto
from bot.model.snapshot import EnvironmentSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Bump:
    """A merged promotion as Git has it: what its commit changed, and where that landed."""

    promotion: Promotion
    merge_sha: str
    before: Mapping[str, ImageAt]
    """What stood in the environment's values files on the commit's parent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackFacts:
    """All that the decision rests on."""

    policy: Policy
    environment: Environment
    record: RollbackRecord
    snapshot: EnvironmentSnapshot
    landed: tuple[Promotion, ...]
    """Everything that was merged into the environment, rollbacks too, newest first."""
    rollbacks: tuple[RollbackRecord, ...]
    """Those of the environment that led to a pull request, newest first."""
    vetoes: tuple[Veto, ...] = ()
    unproven: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Component to the digests that were deployed there and are on record as failed, or overtaken before any proof."""
    known: Mapping[str, Release]
    """Digest to the newest accepted release that brought it."""
    now: datetime
    web_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing is done. `code` is for the ledger and for tests; `why` is a sentence for people."""

    code: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The pull request that goes back."""

    bump: Bump
    content: Content
    before: Mapping[str, ComponentTag]
    """What the components run now, and what is vetoed."""
    after: Mapping[str, ComponentTag]
    left_out: Mapping[str, str]
    """Components that stay as they are, with the reason."""
    release_ids: tuple[str, ...]
    title: str
    message: str
    body: str
