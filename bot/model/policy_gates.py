"""Who decides and what is measured: roles, approvals and the gates of one environment (rows P2, P3).

A gate that is None is switched off. Percentages run from 0 to 100; durations are `timedelta`. A `warn_…`
threshold shows and never blocks. Gates that ask about a running system look at the environment the release
comes from, or, where releases enter, at the environment itself, unless `environment` names another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

GATE_NAMES = (
    "tests",
    "coverage",
    "security",
    "quality",
    "slo",
    "error_budget",
    "canary",
    "metrics",
    "critical_alerts",
    "stability",
    "soak",
    "image",
    "source",
    "freeze",
    "debt",
)
"""Every gate that `/override` may name. `soak` is set on the environment, `freeze` by the top-level windows, `debt` is
what a hotfix left behind; the others are keys of `gates`."""

SKIPPABLE = tuple(each for each in GATE_NAMES if each not in ("image", "source", "freeze", "debt"))
"""Those that a hotfix may skip: never where the image comes from, nor an earlier hotfix's debt; a freeze says itself
whether hotfixes pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """People who may fill a role: members of teams (`org/slug`) and single logins."""

    teams: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """`count` different people of a role; one person never fills two roles (row P3)."""

    role: str
    count: int = 1
    source_authors: bool = False
    """Whether authors of the promoted source commits count too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Where the result of one test suite is found: exactly one of `check`, `status`, `artifact` is set."""

    check: str | None = None
    """A check run's name on the source commit."""
    app: int | None = None
    """The numeric id of the GitHub App that must have made the check run; None: any app but Lockstep."""
    status: str | None = None
    """A commit status context on the source commit."""
    artifact: str | None = None
    """An artifact of the source run."""
    files: str = "**"
    """Which members of the artifact are reports, as a glob."""
    format: str = "junit"
    """`junit` or `k6`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsGate:
    """Suites that must have run and passed; zero executed tests is not a pass."""

    __test__ = False

    require: tuple[str, ...] = ()
    suites: Mapping[str, Suite] = field(default_factory=dict)
    """How each suite is found; one that is not listed is a check run of its own name."""

    def suite(self, name: str) -> Suite:
        """Where the result of suite `name` is found."""
        return self.suites.get(name, Suite(check=name))


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageGate:
    """Code coverage, read from an artifact of the source run."""

    min_percent: float = 0
    warn_percent: float | None = None
    metric: str = "line"
    """`line` or `branch`."""
    artifact: str = "coverage"
    files: str = "**"
    format: str = "auto"
    """`auto`, `cobertura`, `lcov`, `coverage.py` or `jacoco`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGate:
    """Findings by severity; None sets no limit for that severity."""

    max_critical: int | None = 0
    max_high: int | None = 0
    max_medium: int | None = None
    max_low: int | None = None
    warn_high: int | None = None
    warn_medium: int | None = None
    sources: tuple[str, ...] = ("artifact",)
    """`artifact`, `code-scanning`, `dependabot`: all of those named are counted."""
    artifact: str = "security"
    files: str = "**"
    format: str = "auto"
    """`auto`, `sarif`, `trivy`, `grype` or `snyk`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityGate:
    """A named check run on the source commit."""

    check: str = "quality"
    app: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SloGate:
    """Availability must reach, and error rate must not exceed, the threshold over `window` (Prometheus)."""

    min_availability_percent: float | None = None
    max_error_rate_percent: float | None = None
    warn_availability_percent: float | None = None
    warn_error_rate_percent: float | None = None
    window: timedelta = timedelta(hours=1)
    availability_query: str | None = None
    """PromQL whose value is a percentage; None: the shipped query."""
    error_rate_query: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBudgetGate:
    """The error budget consumed must stay *below* the threshold: the seed says `< 50%`; 50 itself fails."""

    max_consumed_percent: float = 100
    warn_consumed_percent: float | None = None
    objective_percent: float = 99.9
    window: timedelta = timedelta(days=30)
    query: str | None = None
    """PromQL whose value is the percentage consumed; None: computed from objective and window."""
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryGate:
    """The canary took its share of traffic, for long enough, successfully enough."""

    min_traffic_percent: float = 0
    min_duration: timedelta = timedelta(0)
    min_success_rate_percent: float = 0
    warn_success_rate_percent: float | None = None
    traffic_query: str | None = None
    success_rate_query: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """One PromQL question; every returned series must satisfy every bound that is set."""

    name: str
    query: str
    min: float | None = None
    max: float | None = None
    warn_min: float | None = None
    warn_max: float | None = None
    max_change_percent: float | None = None
    """How far the value may differ from the same query before the deployment, either way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsGate:
    """Metrics stable: the team's own queries over `window`."""

    window: timedelta = timedelta(minutes=15)
    queries: tuple[MetricQuery, ...] = ()
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalAlertsGate:
    """Active alerts (not silenced, not inhibited) of the environment that match all `matchers`."""

    max_firing: int = 0
    warn_firing: int | None = None
    matchers: tuple[str, ...] = ('severity="critical"',)
    """Alertmanager matchers."""
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityGate:
    """The Argo CD applications have been Synced and Healthy for that long; zero: now is enough."""

    min_duration: timedelta = timedelta(0)
    environment: str | None = None


ACTIONS_ISSUER = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Whose signature an image must carry (attack case 41): exactly one of `key`, `key_file`, `identity` is set."""

    key: str | None = None
    """A public key as PEM text, as `cosign generate-key-pair` writes it."""
    key_file: str | None = None
    """A file of the config repository with such a key; the default branch's one counts."""
    issuer: str = ACTIONS_ISSUER
    identity: str | None = None
    """The exact certificate identity; a `*` stands for any run of characters but `/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Who must vouch for where an image was built (row B10). Nothing set: GitHub's attestation by the source's own
    workflow; a key: an attestation in the registry, signed by it."""

    key: str | None = None
    key_file: str | None = None
    issuer: str = ACTIONS_ISSUER
    identity: str | None = None
    """Another workflow that attests, such as a reusable one; `*` as above. None: the source's workflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageGate:
    """The registry has the digest in exactly the configured repository, signed and built as demanded."""

    tag_resolves: bool = True
    """Whether the tag must still point at the digest."""
    signature: Signature | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceGate:
    """The images were built from the promoted commit, on an allowed branch, by the named workflow (B10)."""

    allow_downgrade: bool = False
    """Whether the commit may be one that what runs now does not descend to, without `/rollback`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """The gates on the way into one environment."""

    tests: TestsGate | None = None
    coverage: CoverageGate | None = None
    security: SecurityGate | None = None
    quality: QualityGate | None = None
    slo: SloGate | None = None
    error_budget: ErrorBudgetGate | None = None
    canary: CanaryGate | None = None
    metrics: MetricsGate | None = None
    critical_alerts: CriticalAlertsGate | None = None
    stability: StabilityGate | None = None
    image: ImageGate | None = field(default_factory=ImageGate)
    source: SourceGate | None = field(default_factory=SourceGate)
