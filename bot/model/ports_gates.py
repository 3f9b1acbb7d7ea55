"""What the gates need from the outside, as one interface: reports unpacked, metrics, alerts, applications and
images looked up.

Readings that could not be had are `Unknown`. Every method may raise `UserError` or `Retryable` from `bot.errors`, or
ValueError for a name that does not obey its grammar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.model.argocd import ApplicationState
from bot.model.facts import Unknown
from bot.model.measurements import (
    Alerts,
    Attested,
    CanaryReading,
    ErrorBudgetReading,
    MetricsReading,
    Missing,
    Resolved,
    Signed,
    SloReading,
    Trust,
    Unsigned,
)
from bot.model.policy_after import ArgoCD, HttpCheck
from bot.model.policy_gates import CanaryGate, ErrorBudgetGate, MetricsGate, SloGate
from bot.model.reports import CoverageReport, Findings, PerformanceReport, TestReport
from bot.model.rollout import HttpAnswer
from bot.model.validation import FlowReport

Report = TestReport | PerformanceReport | CoverageReport | Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which members of an artifact are which reports. `kind`: `tests`, `performance`, `coverage` or `security`."""

    kind: str
    files: str
    """A glob."""
    format: str
    """`auto`, or the format's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where is measured: an environment and the components that must answer, by the labels that name them."""

    environment: str
    components: tuple[str, ...]
    environment_label: str = "environment"
    component_label: str = "component"


class Readers(Protocol):
    """Everything that gates are measured with. `at` is the aware time now."""

    def report(self, zipped: bytes, wanted: Wanted) -> Report:
        """All reports of a kind in a zipped artifact, together. Raises UserError when one cannot be read."""

    def flows(self, zipped: bytes) -> FlowReport:
        """The production validation's flows in a zipped artifact. Raises UserError when they cannot be read."""

    def slo(self, gate: SloGate, place: Place, at: datetime) -> SloReading:
        """Availability and error rate."""

    def error_budget(self, gate: ErrorBudgetGate, place: Place, at: datetime) -> ErrorBudgetReading:
        """Percent of the budget consumed."""

    def canary(
        self, gate: CanaryGate, place: Place, stable: str, since: datetime | Unknown | None, at: datetime
    ) -> CanaryReading:
        """Traffic share and success rate of `place`, which shares the traffic with the environment `stable`."""

    def metrics(
        self, gate: MetricsGate, place: Place, since: datetime | Unknown | None, at: datetime
    ) -> MetricsReading:
        """The team's own queries."""

    def firing(self, matchers: tuple[str, ...], place: Place, at: datetime) -> Alerts | Unknown:
        """The alerts that fire in the environment."""

    def application(
        self, application: ArgoCD, at: datetime, *, refresh: bool = False
    ) -> ApplicationState | Unknown:
        """How an Argo CD application stands; `refresh` has it compared with Git first."""

    def sync(
        self, application: ArgoCD, revision: str, positions: Sequence[int], at: datetime
    ) -> ApplicationState:
        """Begins a sync of an Argo CD application at a commit; `positions` say which of several sources take it, from
        1. Raises Retryable when nobody answers or a sync runs already, UserError when Argo CD refuses."""

    def ask(self, check: HttpCheck) -> HttpAnswer:
        """One question over HTTP, asked once."""

    def image(
        self, repository: str, digest: str, tag: str | None, at: datetime
    ) -> Resolved | Missing | Unknown:
        """Whether the registry has the digest, and what the tag points at."""

    def signature(
        self, repository: str, digest: str, trust: Trust, at: datetime
    ) -> Signed | Unsigned | Unknown:
        """Whether somebody who is trusted signed exactly this image."""

    def provenance(
        self, repository: str, digest: str, trust: Trust, bundles: Sequence[bytes] | None, at: datetime
    ) -> Attested | Unsigned | Unknown:
        """What somebody who is trusted says of where exactly this image was built: in GitHub's attestations `bundles`,
        or, when None, in those that the registry has."""
