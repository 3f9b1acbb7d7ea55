"""Measurements: what Prometheus, Alertmanager and a registry said when they were asked, as plain values.

A measurement that could not be had is `bot.model.facts.Unknown`; nothing here stands for "not read".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from bot.model.facts import Unknown
from bot.model.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One series' value; always a finite number."""

    labels: Mapping[str, str] = field(default_factory=dict)
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """The answer to one instant query: at least one series, read at `at`."""

    samples: tuple[Sample, ...]
    query: str
    """The PromQL as it was sent; with several, one per component, joined by line ends."""
    at: datetime
    source: str = "Prometheus"
    url: str | None = None
    """Where a person sees the same query; never with credentials."""


Measured = Samples | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class SloReading:
    """What the slo gate rests on; None for what the gate does not ask."""

    environment: str
    availability: Measured | None = None
    error_rate: Measured | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBudgetReading:
    """What the error_budget gate rests on: percent of the budget consumed."""

    environment: str
    consumed: Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryReading:
    """What the canary gate rests on. `traffic` and `success_rate` in percent; None for what is not asked."""

    environment: str
    since: datetime | Unknown | None
    """Since when the release is healthy there; None: it is not, or not yet."""
    traffic: Measured | None = None
    success_rate: Measured | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricReading:
    """One of the team's queries, now and, where a change is bounded, as it was before the deployment."""

    name: str
    now: Measured
    before: Measured | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsReading:
    """What the metrics gate rests on, by the name of the query."""

    environment: str
    since: datetime | Unknown | None = None
    """When the release was deployed there; needed only where a change is bounded."""
    metrics: tuple[MetricReading, ...] = ()

    def named(self, name: str) -> MetricReading | None:
        """The reading of that query, or None."""
        return next((each for each in self.metrics if each.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert that fires: neither silenced nor inhibited."""

    name: str
    labels: Mapping[str, str]
    fingerprint: str
    starts_at: datetime
    url: str | None = None
    """Its source, as the alert names it; only http and https."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Every alert that fires for an environment and meets the matchers, read at `at`; perhaps none."""

    environment: str
    alerts: tuple[Alert, ...]
    matchers: tuple[str, ...]
    at: datetime
    source: str = "Alertmanager"
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A manifest that the registry has: its bytes hash to `digest`. `tag_digest` is what the tag points at."""

    digest: str
    tag_digest: str | None
    """None when the tag was not asked, or does not exist (`tag_missing`)."""
    tag_missing: bool = False
    media_type: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The registry answered, and has no such manifest. `tag_digest` is what the tag points at instead, if anything."""

    why: str
    at: datetime
    tag_digest: str | None = None


class Relation(Enum):
    """How a commit relates to the one that runs now, in GitHub's words."""

    SAME = "identical"
    AHEAD = "ahead"
    """It contains the other one."""
    BEHIND = "behind"
    """The other one contains it."""
    DIVERGED = "diverged"
    """Each has commits that the other lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two commits of one repository: how `head` relates to `base`. It holds for ever."""

    base: str
    head: str
    relation: Relation
    url: str
    at: datetime
    merge_base: str | None = None
    """The newest commit that both contain; None when nobody asked for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReading:
    """What the source gate rests on, for one component."""

    component: str
    digest: str
    release: Release
    """The accepted release that brings it."""
    owed: bool = False
    """What runs now is a hotfix that its environment owes: the gate `debt` tells whether this contains it."""
    compared: Compared | Unknown | None
    """With the commit of what runs in the target now; None when that came from no accepted release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose word counts: a key, or an identity that an issuer vouches for."""

    key: str | None = None
    """PEM text."""
    issuer: str = ""
    identity: str | None = None
    """A `*` stands for any run of characters but `/`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature of exactly this image was verified."""

    by: str
    """`key sha256:…`, or the identity in the certificate."""
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """Everything that there is was read, and none of it is what is demanded."""

    why: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFrom:
    """What a verified provenance says of an image; None for what it leaves out."""

    repository: str
    """Its address without scheme's extras: `https://github.com/splattop/app`."""
    commit: str | None
    workflow: str | None
    """The workflow's path in the repository."""
    ref: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    """Every provenance of exactly this image that was verified; at least one."""

    built: tuple[BuiltFrom, ...]
    by: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageReading:
    """What the image gate rests on, for one component."""

    component: str
    configured: str
    """The rules' image repository of the component."""
    repository: str | None
    """The repository that the values file has or will have; None: it names none, the rules' one stands."""
    tag: str
    digest: str
    found: Resolved | Missing | Unknown
    signature: Signed | Unsigned | Unknown | None = None
    """None when none is demanded, or when the image itself was not found."""
    provenance: Attested | Unsigned | Unknown | None = None
    built: BuiltFrom | None = None
    """What the provenance must say."""
