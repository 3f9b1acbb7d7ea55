"""Argo CD applications as values: what is deployed, how healthy it is, since when (rows R5, R9, P2).

The words for states are Argo CD's own: https://argo-cd.readthedocs.io/en/stable/operator-manual/health/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model.facts import Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSource:
    """Where an application's manifests come from."""

    repository: str
    """The address of the Git repository, or of the chart registry."""
    target: str
    """The branch, tag or commit that is followed; empty: the default branch."""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOperation:
    """The sync that runs, or ran last."""

    phase: str
    """`Running`, `Terminating`, `Succeeded`, `Failed` or `Error`."""
    message: str = ""
    revisions: tuple[str, ...] = ()
    """The commits that it applied, one a source; empty while Argo CD has not told."""
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """One entry of the application's history: a sync that succeeded."""

    id: int
    revisions: tuple[str, ...]
    deployed_at: datetime
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that Argo CD has to say about the application, such as `ComparisonError`."""

    type: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationState:
    """An application as Argo CD last saw it, read at `at`. All moments are aware."""

    name: str
    namespace: str
    project: str
    sync: str
    """`Synced`, `OutOfSync` or `Unknown`."""
    revisions: tuple[str, ...]
    """The commits that it was compared with, one a source."""
    health: str
    """`Healthy`, `Progressing`, `Degraded`, `Suspended`, `Missing` or `Unknown`."""
    health_message: str = ""
    health_since: datetime | None = None
    """When `health` last changed; None when this Argo CD does not tell (before version 3)."""
    operation: SyncOperation | None = None
    operation_asked: bool = False
    """Whether a sync is asked for that has not begun."""
    images: tuple[str, ...] = ()
    """The images of its running pods, as they are written there."""
    sources: tuple[ApplicationSource, ...] = ()
    automated: bool = False
    """Whether Argo CD syncs by itself; then it refuses to be synced at another revision than the one it follows."""
    reconciled_at: datetime | None = None
    """When it was last compared with Git."""
    history: tuple[Deployed, ...] = ()
    """Oldest first."""
    conditions: tuple[Condition, ...] = ()
    at: datetime
    url: str | None = None
    """The application's page."""

    @property
    def running(self) -> bool:
        """Whether a sync runs or is about to."""
        return self.operation_asked or (
            self.operation is not None and self.operation.phase in ("Running", "Terminating")
        )

    def runs(self, digest: str) -> bool:
        """Whether one of its pods has the image with this digest."""
        return any(image.rpartition("@")[2] == digest for image in self.images)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReading:
    """One application that the stability gate looks at, with what it is to run."""

    application: str
    state: ApplicationState | Unknown
    expected: Mapping[str, str] = field(default_factory=dict)
    """Component to digest; empty where the release is not to be there yet."""
    timeout: timedelta = timedelta(minutes=15)
    """How long it may take after a merge until it is Synced and Healthy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityReading:
    """What the stability gate rests on."""

    environment: str
    applications: tuple[ApplicationReading, ...]
    uncovered: tuple[str, ...] = ()
    """Promoted components that none of the applications runs."""
    merged: datetime | Unknown | None = None
    """When the release was merged into the environment; None when by the record another one took its place there."""
