"""The rules of one config repository, frozen: who may hand over digests, and how they travel (row P1).

Written by people as `promotion/promotion-rules.yaml`, read by `adapters.rules` from the default branch only.
Durations are `timedelta`; percentages are numbers from 0 to 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from bot.model.policy_after import (
    Alerts,
    ArgoCD,
    Commands,
    Freeze,
    Guards,
    Hotfix,
    Notify,
    Rollback,
    Validation,
    Verify,
)
from bot.model.policy_gates import Approval, Gates, Role


class MergeRule(Enum):
    """Who merges a promotion pull request."""

    AUTO = "auto"
    """Lockstep, as soon as everything is green."""
    APPROVED = "approved"
    """Lockstep, when everything is green and the demanded people have approved."""
    MANUAL = "manual"
    """A person, on GitHub."""


class Concurrency(Enum):
    """What a newer release does to an open promotion pull request (row B4)."""

    LATEST = "latest"
    """It takes its place, in the same pull request."""
    PINNED = "pinned"
    """It waits until the open one is merged or closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An app repository's workflow that may hand over digests."""

    name: str
    """Unique in the rules; the last part of the branch name. Defaults to the repository's own name."""
    repository: str
    workflow: str
    branches: tuple[str, ...]
    hotfix_branches: tuple[str, ...]
    events: tuple[str, ...]
    artifact: str
    components: Mapping[str, str]
    """Component name to image repository, such as `ghcr.io/splattop/api`."""
    repository_id: int | None = None
    """GitHub's id of the repository, when the rules name it (`id`): then it decides alone, whatever the name says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesFile:
    """A values file and the place of each component's image in it, `{component}` standing for its name."""

    file: str
    path: str
    components: tuple[str, ...] | None = None
    """Only these components live in this file; None: whichever of them is found there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A promotion target. `comes_from` (`from` in the file) is None where releases enter."""

    name: str
    comes_from: str | None
    values: tuple[ValuesFile, ...]
    merge: MergeRule
    concurrency: Concurrency
    required_checks: tuple[str, ...]
    auto_promote: bool
    soak: timedelta | None
    gates: Gates
    approvals: tuple[Approval, ...]
    argocd: tuple[ArgoCD, ...]
    verify: Verify
    rollback: Rollback
    merge_method: str = "merge"
    """`merge`, `squash` or `rebase`, GitHub's words."""
    check_apps: Mapping[str, int] = field(default_factory=dict)
    """For those of `required_checks` that must come from one GitHub App: its numeric id."""
    hotfix: Hotfix = field(default_factory=Hotfix)
    url: str | None = None
    """Where people look at what runs here; shown with GitHub's deployments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole rules file of one config repository."""

    path: str
    """Where it was read, relative to the repository."""
    sha: str
    """The commit of the default branch that it was read at."""
    sources: tuple[Source, ...]
    environments: tuple[Environment, ...]
    roles: Mapping[str, Role]
    owners: tuple[str, ...] = ()
    """Roles that approve changes of the rules file and of CODEOWNERS where CODEOWNERS names nobody for them; empty: an
    admin of the repository."""
    alerts: Alerts | None = None
    guards: Guards = field(default_factory=Guards)
    notify: Notify = field(default_factory=Notify)
    freeze: tuple[Freeze, ...] = ()
    commands: Commands = field(default_factory=Commands)
    validation: Validation | None = None

    def environment(self, name: str) -> Environment | None:
        """The environment of that name, or None."""
        return next((each for each in self.environments if each.name == name), None)

    def entrances(self) -> tuple[Environment, ...]:
        """The environments that releases enter directly: those with no `from`."""
        return tuple(each for each in self.environments if each.comes_from is None)

    def after(self, name: str) -> tuple[Environment, ...]:
        """The environments that take their releases from `name`."""
        return tuple(each for each in self.environments if each.comes_from == name)

    def hotfixes_after(self, name: str) -> tuple[Environment, ...]:
        """The environments that take their hotfixes from `name`."""
        return tuple(each for each in self.environments if each.hotfix.comes_from == name)

    @property
    def component_names(self) -> frozenset[str]:
        """The components of all sources."""
        return frozenset(name for each in self.sources for name in each.components)

    def source(self, name: str) -> Source | None:
        """The source of that name, or None."""
        return next((each for each in self.sources if each.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesError:
    """One thing wrong with a rules file; line and column count from 1."""

    file: str
    line: int
    column: int
    key: str
    message: str
    """What was found, what was expected, and what to do."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.key}: {self.message}"
