"""The readers of the gates over the real parts: the operator's servers, the registries, CI's reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic

from bot.adapters.alertmanager import Alertmanager
from bot.adapters.argocd import ArgoCD
from bot.adapters.artifacts.members import members
from bot.adapters.outbound import Blocked, NoAnswer, Outbound, without_credentials
from bot.adapters.prometheus import Measures, Prometheus, Scope
from bot.adapters.registry import Registry, addresses
from bot.adapters.reports import maestro
from bot.adapters.reports import read as reports
from bot.adapters.signatures import Signatures, Sigstore
from bot.decide.globs import matches
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
from bot.model.policy_after import ArgoCD as Application
from bot.model.policy_after import HttpCheck
from bot.model.policy_gates import CanaryGate, ErrorBudgetGate, MetricsGate, SloGate
from bot.model.ports_gates import Place, Report, Wanted
from bot.model.rollout import HttpAnswer
from bot.model.validation import FlowReport
from bot.settings import Settings

LONGEST_CHECK = 30.0
"""Seconds that one health check may take at most, whatever its rules say: a worker waits for it."""


class Gauges:
    """The gates' readers (`bot.model.ports_gates.Readers`): the operator's servers, the registries, CI's reports.

    Prometheus, Alertmanager and Argo CD may be private; the registries that images name may not,
    unless the operator's logins name them.
    """

    def __init__(self, settings: Settings, registry: Registry | None = None) -> None:
        servers = (settings.prometheus_url, settings.alertmanager_url, settings.argocd_server)
        outbound = Outbound(without_credentials(url)[0] for url in servers if url)
        self._measures = Measures(Prometheus(settings.prometheus_url, outbound))
        self._alertmanager = Alertmanager(settings.alertmanager_url, outbound)
        self._argocd = ArgoCD(settings.argocd_server, settings.argocd_auth_token, outbound)
        self._verifier = Outbound(settings.verify_private_urls)
        logins = settings.registry_auth
        self._registry = registry or Registry(Outbound(addresses(logins)), credentials=logins)
        self._signatures = Signatures(self._registry, Sigstore(settings.sigstore_trusted_root))

    def report(self, zipped: bytes, wanted: Wanted) -> Report:
        """See `Readers`."""
        files = members(zipped, lambda name: matches(wanted.files, name))
        if wanted.kind == "coverage":
            return reports.read_coverage(files, format=wanted.format)
        if wanted.kind == "security":
            return reports.read_findings(files, format=wanted.format)
        return reports.read_performance(files) if wanted.kind == "performance" else reports.read_tests(files)

    def flows(self, zipped: bytes) -> FlowReport:
        """See `Readers`."""
        return maestro.read(
            members(zipped, lambda name: name.lower().endswith((".xml", maestro.DEPLOYMENT_FILE)))
        )

    def slo(self, gate: SloGate, place: Place, at: datetime) -> SloReading:
        """See `Readers`."""
        return self._measures.slo(gate, _scope(place), at)

    def error_budget(self, gate: ErrorBudgetGate, place: Place, at: datetime) -> ErrorBudgetReading:
        """See `Readers`."""
        return self._measures.error_budget(gate, _scope(place), at)

    def canary(
        self, gate: CanaryGate, place: Place, stable: str, since: datetime | Unknown | None, at: datetime
    ) -> CanaryReading:
        """See `Readers`."""
        return self._measures.canary(gate, _scope(place), stable, since, at)

    def metrics(
        self, gate: MetricsGate, place: Place, since: datetime | Unknown | None, at: datetime
    ) -> MetricsReading:
        """See `Readers`."""
        return self._measures.metrics(gate, _scope(place), since, at)

    def firing(self, matchers: tuple[str, ...], place: Place, at: datetime) -> Alerts | Unknown:
        """See `Readers`."""
        return self._alertmanager.firing(place.environment, matchers, at, label=place.environment_label)

    def application(
        self, application: Application, at: datetime, *, refresh: bool = False
    ) -> ApplicationState | Unknown:
        """See `Readers`."""
        return self._argocd.application(
            application.application,
            at,
            namespace=application.namespace,
            project=application.project,
            refresh=refresh,
        )

    def sync(
        self, application: Application, revision: str, positions: Sequence[int], at: datetime
    ) -> ApplicationState:
        """See `Readers`."""
        return self._argocd.sync(
            application.application,
            revision,
            at,
            namespace=application.namespace,
            project=application.project,
            positions=positions,
        )

    def ask(self, check: HttpCheck) -> HttpAnswer:
        """See `Readers`. Asked by a client of its own: the servers above are no business of a rules file's."""
        started = monotonic()
        try:
            found = self._verifier.request(
                check.method, check.url, timeout=min(check.max_latency.total_seconds(), LONGEST_CHECK)
            )
        except Blocked as error:
            return HttpAnswer(status=None, trouble=str(error), blocked=True)
        except NoAnswer as error:
            return HttpAnswer(status=None, trouble=str(error))
        return HttpAnswer(status=found.status, body=found.body, took=timedelta(seconds=monotonic() - started))

    def image(
        self, repository: str, digest: str, tag: str | None, at: datetime
    ) -> Resolved | Missing | Unknown:
        """See `Readers`."""
        return self._registry.resolve(repository, digest, tag, at)

    def signature(
        self, repository: str, digest: str, trust: Trust, at: datetime
    ) -> Signed | Unsigned | Unknown:
        """See `Readers`."""
        return self._signatures.signature(repository, digest, trust, at)

    def provenance(
        self, repository: str, digest: str, trust: Trust, bundles: Sequence[bytes] | None, at: datetime
    ) -> Attested | Unsigned | Unknown:
        """See `Readers`."""
        return self._signatures.provenance(repository, digest, trust, bundles, at)


def _scope(place: Place) -> Scope:
    return Scope(
        environment=place.environment,
        components=place.components,
        environment_label=place.environment_label,
        component_label=place.component_label,
    )
