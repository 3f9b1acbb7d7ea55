"""Rollbacks as recorded: who or what asked, what is undone, how far it came, and how long it took (rows R6, B3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from bot.model.facts import Actor
from bot.model.image import DIGEST, TAG, ComponentTag

GOAL = timedelta(minutes=5)
"""From the revert's merge to healthy, at most (row R6)."""


class RollbackState(Enum):
    """Where a rollback stands."""

    ASKED = "asked"
    """It waits for the environment's look."""
    REFUSED = "refused"
    """Nothing was done; `answer` says why."""
    LOCKED = "locked"
    """An automatic one that a lock or rail kept from happening; `answer` names it. A repeated alert asks again."""
    OPEN = "open"
    """Its pull request is open."""
    CLOSED = "closed"
    """Its pull request was closed without a merge: nothing was rolled back."""
    MERGED = "merged"
    """The revert is on the default branch; the environment is on its way back."""
    HEALTHY = "healthy"
    """The environment was proven healthy on what it went back to."""
    FAILED = "failed"
    """It was merged, and did not become healthy. People only from here on."""
    UNWATCHED = "not watched"
    """It was merged where the rules name nothing to watch: whether it is well, people see for themselves."""


ENDED = frozenset({RollbackState.HEALTHY, RollbackState.FAILED, RollbackState.UNWATCHED})
"""The states in which its clock stands."""
LANDED = ENDED | {RollbackState.MERGED}
"""The states in which the environment's values files have gone back."""
PENDING = frozenset({RollbackState.ASKED, RollbackState.OPEN})
TARGET = "a tag, a digest (`sha256:` and 64 lowercase hex digits), a commit nor a promotion (`#12`)"
"""What `to` can be, after `neither`."""
_PROMOTION = re.compile(r"#[1-9][0-9]{0,9}", re.ASCII)


_SHORT = re.compile(r"sha256:[0-9a-f]{12}", re.ASCII)
"""A digest as `short_digest` shows it: what people copy from a pull request's table."""


def is_target(text: str) -> bool:
    """Whether it can name what an environment ran; a commit looks like a tag."""
    return any(each.fullmatch(text) for each in (TAG, DIGEST, _SHORT, _PROMOTION))


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackAsk:
    """Somebody's or something's wish to go back. The same `key` in the same environment is one wish."""

    installation_id: int
    config_repository_id: int
    environment: str
    key: str
    """`comment:<id>`, `terminal:<id>`, `incident:<id>:<comment>`, `alert:<fingerprint>:<startsAt>` or
    `deploy:<pull request>`."""
    trigger: str
    """`person`, or one of `policy_after.Trigger`'s words for an automatic one."""
    components: tuple[str, ...] = ()
    """Empty: those of the promotion that is undone."""
    to: str | None = None
    """A tag, digest, commit or promotion (`#12`) of what the environment ran before; None: the last good one."""
    undoes: int | None = None
    """The merged promotion pull request to undo; None: the newest that stands."""
    reason: str
    findings: tuple[str, ...] = ()
    """What was measured or said, a sentence each."""
    alert: str | None = None
    """The alert's name."""
    since: datetime | None = None
    """When the failure began, as far as it is known."""
    by: Actor | None = None
    """The person who asked; None: automatic."""
    asked_on: int = 0
    """The pull request where it was asked; 0: nowhere."""
    comment_id: int | None = None
    """The comment that is to be answered."""
    delivery_id: str | None = None
    """What told of it, and `head_sha` what the head of `asked_on` was then: for the ledger row of the answer."""
    head_sha: str | None = None
    asked_at: datetime

    @property
    def of_incident(self) -> bool:
        """Whether it was decided on a failed validation's incident."""
        return self.key.startswith("incident:")

    @property
    def automatic(self) -> bool:
        """Whether no person asked."""
        return self.by is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRecord:
    """A wish to go back, and what came of it."""

    id: int
    ask: RollbackAsk
    state: RollbackState
    answer: str = ""
    undoes: int | None = None
    """The promotion pull request that it undoes, once that is known."""
    pull_number: int | None = None
    before: Mapping[str, ComponentTag] = field(default_factory=dict)
    """What the components ran when the rollback was opened: what is vetoed."""
    after: Mapping[str, ComponentTag] = field(default_factory=dict)
    """What they go back to."""
    opened_at: datetime | None = None
    merged_at: datetime | None = None
    healthy_at: datetime | None = None
    incident: int | None = None
    """The number of the issue that tells the incident."""

    @property
    def took(self) -> timedelta | None:
        """From the revert's merge to healthy; None while either is not known."""
        if self.merged_at is None or self.healthy_at is None:
            return None
        return self.healthy_at - self.merged_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto:
    """A component's digest that no automation proposes again. In force while `lifted_at` is None."""

    repository_id: int
    component: str
    digest: str
    tag: str
    environment: str
    """Where it went wrong. The veto counts in every environment."""
    reason: str
    by: Actor
    at: datetime
    rollback_id: int | None = None
    lifted_at: datetime | None = None
    lifted_by: Actor | None = None
    lifted_because: str = ""
