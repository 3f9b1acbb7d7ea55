"""Deployments: one promotion from its pull request until it is proven healthy, or back where it was (rows P6, R9).

A deployment is known by its pull request: every way into an environment (a promotion, a rollback, a hotfix) is one.
Its state is derived from facts by `decide.deploying`; each change is one of `ALLOWED`, and is kept as a transition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from bot.model.image import ComponentTag


class DeploymentState(Enum):
    """Where a deployment stands. The values are what the ledger, the store and GitHub's readers see."""

    OPENED = "opened"
    APPROVED = "approved"
    MERGED = "merged"
    """On the default branch; nothing has begun to move, or it waits for a person's `/sync`."""
    SYNCING = "syncing"
    """Argo CD brings it to the cluster, and it rolls out."""
    VERIFYING = "verifying"
    """It runs; checks, smoke tests and metrics tell whether it is well."""
    LIVE = "live"
    """Proven, as far as the rules ask. It stays `live` on record when a later one takes its place."""
    FAILED = "failed"
    ROLLING_BACK = "rolling back"
    """A pull request that undoes it is open or on its way."""
    ROLLED_BACK = "rolled back"
    SUPERSEDED = "superseded"
    """A later merge changed its components before it could be proven."""
    CLOSED = "closed"
    """Its pull request was closed without a merge."""


_S = DeploymentState
ALLOWED: Mapping[DeploymentState, frozenset[DeploymentState]] = MappingProxyType(
    {
        _S.OPENED: frozenset({_S.APPROVED, _S.MERGED, _S.CLOSED}),
        _S.APPROVED: frozenset({_S.OPENED, _S.MERGED, _S.CLOSED}),
        _S.MERGED: frozenset(
            {_S.SYNCING, _S.VERIFYING, _S.LIVE, _S.FAILED, _S.ROLLING_BACK, _S.ROLLED_BACK, _S.SUPERSEDED}
        ),
        _S.SYNCING: frozenset(
            {_S.VERIFYING, _S.LIVE, _S.FAILED, _S.ROLLING_BACK, _S.ROLLED_BACK, _S.SUPERSEDED}
        ),
        _S.VERIFYING: frozenset({_S.LIVE, _S.FAILED, _S.ROLLING_BACK, _S.ROLLED_BACK, _S.SUPERSEDED}),
        _S.LIVE: frozenset({_S.ROLLING_BACK, _S.ROLLED_BACK}),
        # Looked at again when somebody asks (`/retry`, `/sync`).
        _S.FAILED: frozenset({_S.MERGED, _S.ROLLING_BACK, _S.ROLLED_BACK, _S.SUPERSEDED}),
        # The pull request that was to undo it was closed: it is again what it was.
        _S.ROLLING_BACK: frozenset({_S.ROLLED_BACK, _S.FAILED, _S.LIVE, _S.MERGED}),
        _S.ROLLED_BACK: frozenset(),
        _S.SUPERSEDED: frozenset({_S.ROLLING_BACK, _S.ROLLED_BACK}),
        _S.CLOSED: frozenset({_S.OPENED}),
    }
)
"""State to the states that may follow it."""

UNDERWAY = frozenset({_S.MERGED, _S.SYNCING, _S.VERIFYING})
"""States in which time or the outside moves it on: the sweep looks at these."""


class DeploymentKind(Enum):
    """What brought it."""

    PROMOTION = "promotion"
    ROLLBACK = "rollback"
    HOTFIX = "hotfix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One component's step. `before` is the digest that the environment's values file had; None: it had none."""

    before: str | None
    before_tag: str | None = None
    after: ComponentTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One change of state, and why."""

    state: DeploymentState
    at: datetime
    why: str


def watch_key(application: str) -> str:
    """The key under which it stands that an Argo CD application is watched."""
    return f"watch:{application}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one part of a deployment has come: an application's sync, a health check, a smoke test.

    `key` is `sync:<application>` (asked for), `silent:<application>` (does not answer), `watch:<application>`,
    `health:<name>`, `smoke:<name>` or `metrics`.
    """

    key: str
    at: datetime
    """When it was last looked at, or done."""
    count: int = 0
    """Right answers in a row; for smoke steps, the steps that are done."""
    done: bool = False
    failed: bool = False
    """It cannot become right by waiting."""
    since: datetime | None = None
    """When it was begun: a sync asked for, a workflow dispatched."""
    after: datetime | None = None
    """When the operation began that Argo CD showed as its last one when this sync was asked for, by its own clock."""
    run_id: int | None = None
    """The workflow run of a smoke test."""
    by: str | None = None
    """The login of the person who said yes to a sync."""
    says: str = ""
    """What was seen last, as a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment as recorded. Known by `config_repository_id` and `pull_number`; all moments are aware UTC."""

    installation_id: int
    config_repository_id: int
    environment: str
    source: str
    pull_number: int
    kind: DeploymentKind = DeploymentKind.PROMOTION
    components: Mapping[str, Move]
    release_ids: tuple[str, ...] = ()
    state: DeploymentState
    since: datetime
    """When `state` began."""
    transitions: tuple[Transition, ...] = ()
    """Oldest first; the last one is `state`."""
    merge_sha: str | None = None
    merged_at: datetime | None = None
    live_at: datetime | None = None
    """When it was last proven healthy; None: never."""
    reverts: int | None = None
    """The pull request that this one undoes (a rollback)."""
    findings: tuple[str, ...] = ()
    """Why it failed, or what it waits for, as sentences."""
    progress: Mapping[str, Progress] = field(default_factory=dict)
    """By key."""
    github_id: int | None = None
    """GitHub's id of the Deployment that mirrors it."""
    github_state: str | None = None
    """The status that GitHub was told last."""

    @property
    def id(self) -> str:
        """`<config repository>:<pull request>`."""
        return f"{self.config_repository_id}:{self.pull_number}"

    @property
    def digests(self) -> Mapping[str, str]:
        """Component to the digest that it brings."""
        return {name: move.after.digest for name, move in self.components.items()}

    @property
    def underway(self) -> bool:
        """Whether it is merged and neither proven, failed nor taken back."""
        return self.state in UNDERWAY

    @property
    def was_good(self) -> bool:
        """Whether it was proven healthy and never taken back: what a rollback may go to."""
        return self.live_at is not None and self.state is DeploymentState.LIVE
