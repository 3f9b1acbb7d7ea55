"""What surrounds a promotion: Argo CD, verification, rollback, hotfix, alerts, guards, messages, freezes.

Values of the rules file, frozen, with defaults that do nothing risky: automatic rollback is off, guards deny.
Durations are `timedelta`; paths are relative to the config repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import Enum

from bot.model.policy_gates import Approval, MetricQuery


class Sync(Enum):
    """What happens to an Argo CD application after the merge (row R5)."""

    AUTO = "auto"
    """It is synced, and watched."""
    CONFIRM = "confirm"
    """A person says `/sync`."""
    OFF = "off"
    """It is only watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoCD:
    """One Argo CD application of an environment."""

    application: str
    sync: Sync = Sync.OFF
    namespace: str | None = None
    """The application's own namespace; None: Argo CD's."""
    project: str | None = None
    components: tuple[str, ...] | None = None
    """The components that this application runs; None: all."""
    timeout: timedelta = timedelta(minutes=15)
    """How long it may take to be Synced and Healthy at the merged revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheck:
    """One HTTP question and the answer it must get."""

    name: str
    url: str
    method: str = "GET"
    status: int = 200
    body_contains: str | None = None
    body_matches: str | None = None
    """RE2's syntax, searched for anywhere in the body; matched in time that grows with the body alone."""
    max_latency: timedelta = timedelta(seconds=5)
    successes: int = 1
    """How many answers in a row must be right."""
    interval: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTest:
    """A workflow that is dispatched and awaited, or HTTP steps asked in order; one of the two is set."""

    name: str
    repository: str | None = None
    workflow: str | None = None
    ref: str = "main"
    inputs: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[HttpCheck, ...] = ()
    timeout: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """What must be true after a deploy before the release counts as live (rows R9, P7)."""

    health: tuple[HttpCheck, ...] = ()
    smoke: tuple[SmokeTest, ...] = ()
    metrics: tuple[MetricQuery, ...] = ()
    window: timedelta = timedelta(minutes=10)
    """How long after the deploy the metrics are watched."""
    timeout: timedelta = timedelta(minutes=30)
    """When verification that has not finished counts as failed."""
    release_log: str = "off"
    """`off`, `releases` (GitHub release notes), or a file such as `docs/release-log.md`."""


class Trigger(Enum):
    """What may start an automatic rollback (row P8)."""

    ERROR_BUDGET_BREACH = "error_budget_breach"
    SLO_VIOLATION = "slo_violation"
    CRITICAL_ALERT = "critical_alert"
    DEPLOYMENT_FAILURE = "deployment_failure"
    HEALTH_CHECK_FAILURE = "health_check_failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Rollback of one environment: three locks for the automatic one (row G4), the rails, the review."""

    automatic: bool = False
    triggers: tuple[Trigger, ...] = ()
    """The triggers that may; empty: none."""
    alerts: tuple[str, ...] = ()
    """The alert names that may; empty: none."""
    cooldown: timedelta = timedelta(seconds=120)
    """Per alert, and per environment and component."""
    breaker_max: int = 3
    """After that many automatic rollbacks within `breaker_window`, people only."""
    breaker_window: timedelta = timedelta(hours=24)
    max_alert_age: timedelta = timedelta(minutes=20)
    """An older failure does nothing but tell."""
    approvals: tuple[Approval, ...] | None = None
    """Who must approve a revert pull request (an expedited role); None: as for a promotion."""
    operations_log: str = "off"
    """`off`, or a file such as `docs/operations-log.md`: a row for each rollback that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotfix:
    """How a hotfix reaches one environment (rows R7, B5)."""

    entrance: bool = False
    """Whether a hotfix enters here straight from its build."""
    comes_from: str | None = None
    """The environment that hotfixes come from (`from` in the file); None: as ordinary releases do."""
    skip_gates: tuple[str, ...] = ()
    """Gates whose no does not hold a hotfix; each is recorded as debt."""
    confirm: bool = True
    """Whether a person must say `/sync` before it is merged, beside the approvals."""
    approvals: tuple[Approval, ...] | None = None
    """Who must approve a hotfix (an expedited role); None: as for a promotion."""
    role: str | None = None
    """The role that is paged: mentioned in the pull request, and named to the channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Alert rules and their probes (rows A1 to A5), and how an alert's labels are read."""

    source: str | None = None
    """The directory of base rules; None: no bundles here."""
    tests: str | None = None
    alertmanager: str | None = None
    bundles: Mapping[str, str] = field(default_factory=dict)
    """Environment to the directory of its rendered bundle."""
    artifact: str | None = None
    """A workflow artifact that holds bundles rendered by CI; None: Lockstep renders them."""
    workflow: str | None = None
    """The config repository's workflow that makes the artifact."""
    runbooks: str | None = None
    """The directory of runbooks."""
    routes: Mapping[str, str] = field(default_factory=dict)
    """Routing probes: labels (`severity=critical,environment=staging`) to the receiver they must reach."""
    min_tested_percent: float | None = None
    label_recording_rules: bool = False
    environment_label: str = "environment"
    component_label: str = "component"


class Level(Enum):
    """What a guard's finding does."""

    DENY = "deny"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """The shipped guards' levels, and the team's own (rows G1, R8)."""

    autoheal_disabled: Level = Level.DENY
    alertmanager_urls: Level = Level.DENY
    digest_only: Level = Level.DENY
    protected_paths: Level = Level.DENY
    no_plain_secrets: Level = Level.DENY
    directory: str | None = None
    """The team's own Rego guards, read from the default branch."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that `alertmanager_urls` accepts."""
    allowed_paths: tuple[str, ...] = ()
    """Globs that a promotion pull request may touch besides its values files."""
    ignore: tuple[str, ...] = ()
    """Globs that no guard looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where messages go; `kind` is `slack`, `email` or `webhook`. Credentials are settings, never rules."""

    kind: str
    to: tuple[str, ...] = ()
    """E-mail addresses."""
    url: str | None = None
    """A webhook's address; None: the setting's."""
    mention: str | None = "channel"
    """Whom a critical failure in production calls in Slack: `channel`, `here`, or None for nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyRule:
    """Which events of which environments go to which channels; an empty tuple of environments means all."""

    events: tuple[str, ...]
    channels: tuple[str, ...]
    environments: tuple[str, ...] = ()
    severity: str = "info"
    """The least that is sent: `info`, `warning` or `critical`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Who is told (row P10)."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    rules: tuple[NotifyRule, ...] = ()
    critical: tuple[str, ...] | None = None
    """Environments in which a failure is critical; None: those that no other takes releases from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A time without promotions: once (`starts` to `ends`), or weekly (`days`, `from_time` to `to_time`)."""

    name: str
    environments: tuple[str, ...] = ()
    """Empty: every environment."""
    timezone: str = "UTC"
    """An IANA name; the times are local to it."""
    starts: datetime | None = None
    ends: datetime | None = None
    """Naive local times; `ends` is the first moment after the freeze."""
    days: tuple[int, ...] = ()
    """Monday is 0. The days on which it starts; one that ends at or before its start ends the next day."""
    from_time: time | None = None
    to_time: time | None = None
    allow_hotfix: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Who may, by role; an empty tuple: everybody with write permission on the config repository."""

    promote: tuple[str, ...] = ()
    override: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()
    hotfix: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()
    sync: tuple[str, ...] = ()
    decide: tuple[str, ...] = ()
    """Who decides on an incident: roll back, fix forward, accept the risk."""
    override_expires: timedelta = timedelta(hours=4)
    environments: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Environment to command to roles, in place of the general ones there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The production validation that blocks deployments of other repositories (rows C1 to C6)."""

    repository: str
    workflow: str
    environment: str = "production"
    """The environment of these rules that it validates: its roles may override, its rollback is meant."""
    branches: tuple[str, ...] = ("main",)
    artifact: str = "maestro-report"
    blocks: tuple[str, ...] = ()
    """Repositories whose deployments are blocked."""
    deployment_environment: str = "production"
    """The name of the blocked GitHub environment."""
    acknowledgement: str = "risk"
    """Words that an override's reason must contain."""
    acknowledge_within: timedelta = timedelta(minutes=15)
    decide_within: timedelta = timedelta(minutes=60)
    remind_every: timedelta = timedelta(minutes=15)
    escalate: tuple[str, ...] = ()
    """Roles, in the order in which they are called."""
