"""What each Prometheus gate rests on, read once: the shipped query or the team's own, for one environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.adapters.prometheus import queries
from bot.adapters.prometheus.client import Prometheus
from bot.adapters.prometheus.queries import Scope
from bot.model.facts import Unknown
from bot.model.measurements import (
    CanaryReading,
    ErrorBudgetReading,
    Measured,
    MetricReading,
    MetricsReading,
    Samples,
    SloReading,
)
from bot.model.policy_gates import CanaryGate, ErrorBudgetGate, MetricQuery, MetricsGate, SloGate

_SHORTEST = timedelta(minutes=5)
"""The shortest window of the canary's queries: several scrapes must fit into it."""
_USUAL = timedelta(hours=1)
"""The window of a canary gate that asks for no duration."""


class Measures:
    """Reads for gates. `at` is the aware moment that every query is evaluated at."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus

    def slo(self, gate: SloGate, scope: Scope, at: datetime) -> SloReading:
        """Availability and error rate over the gate's window, each only when the gate bounds it."""
        availability = error_rate = None
        if gate.min_availability_percent is not None or gate.warn_availability_percent is not None:
            availability = self._either(
                gate.availability_query, queries.AVAILABILITY, scope, gate.window, at, "availability_query"
            )
        if gate.max_error_rate_percent is not None or gate.warn_error_rate_percent is not None:
            error_rate = self._either(
                gate.error_rate_query, queries.ERROR_RATE, scope, gate.window, at, "error_rate_query"
            )
        return SloReading(environment=scope.environment, availability=availability, error_rate=error_rate)

    def error_budget(self, gate: ErrorBudgetGate, scope: Scope, at: datetime) -> ErrorBudgetReading:
        """Percent of the budget consumed over the objective's window."""
        consumed = self._either(
            gate.query,
            queries.ERROR_BUDGET,
            scope,
            gate.window,
            at,
            "query",
            objective=gate.objective_percent,
        )
        return ErrorBudgetReading(environment=scope.environment, consumed=consumed)

    def canary(
        self, gate: CanaryGate, scope: Scope, stable: str, since: datetime | Unknown | None, at: datetime
    ) -> CanaryReading:
        """Traffic share and success rate since the release is there, at most over the gate's duration.

        `scope.environment` is the canary, `stable` the environment that it shares the traffic with. The traffic is
        one series; of the success rate every series counts. Raises ValueError when `stable` is no name.
        """
        queries.environment(stable)
        window = gate.min_duration or _USUAL
        if isinstance(since, datetime):
            window = max(_SHORTEST, min(window, at - since))
        traffic = success = None
        if gate.min_traffic_percent:
            query = gate.traffic_query
            asked = (
                queries.own(query, scope, window)
                if query
                else (queries.shipped(queries.CANARY_TRAFFIC, scope, window, stable=stable),)
            )
            traffic = self._asked(asked, at, single=True)
        if gate.min_success_rate_percent or gate.warn_success_rate_percent is not None:
            success = self._either(
                gate.success_rate_query, queries.CANARY_SUCCESS, scope, window, at, "success_rate_query"
            )
        return CanaryReading(
            environment=scope.environment, since=since, traffic=traffic, success_rate=success
        )

    def metrics(
        self, gate: MetricsGate, scope: Scope, since: datetime | Unknown | None, at: datetime
    ) -> MetricsReading:
        """Every query now, and as it was at the deployment (`since`) where its change is bounded."""

        def read(query: MetricQuery) -> MetricReading:
            asked = queries.own(query.query, scope, gate.window)
            before: Measured | None = None
            if query.max_change_percent is not None:
                before = self._before(asked, since)
            return MetricReading(name=query.name, now=self._asked(asked, at), before=before)

        return MetricsReading(
            environment=scope.environment, since=since, metrics=tuple(map(read, gate.queries))
        )

    def _before(self, asked: tuple[str, ...], since: datetime | Unknown | None) -> Measured:
        if isinstance(since, Unknown):
            return Unknown(why=f"the time of the deployment is not known: {since.why}")
        if since is None:
            return Unknown(why="nothing is deployed yet that a change could be measured against")
        return self._asked(asked, since)

    def _either(
        self,
        query: str | None,
        template: str,
        scope: Scope,
        window: timedelta,
        at: datetime,
        key: str,
        *,
        objective: float = 0,
    ) -> Measured:
        """The team's query; or the shipped one, which must have a series for each component."""
        if query:
            return self._asked(queries.own(query, scope, window), at)
        found = self._asked((queries.shipped(template, scope, window, objective=objective),), at)
        if isinstance(found, Unknown):
            return replace(found, why=f"{found.why} (the shipped query; `{key}` sets another)")
        seen = {each.labels.get(scope.component_label) for each in found.samples}
        absent = [name for name in scope.components if name not in seen]
        if absent:
            return Unknown(
                why=f"Prometheus: no series for {', '.join(absent)} in {scope.environment} "
                f"(the shipped query; `{key}` sets another)"
            )
        return found

    def _asked(self, asked: tuple[str, ...], at: datetime, *, single: bool = False) -> Measured:
        return _together(asked, lambda query: self._prometheus.query(query, at, single=single), single)


def _together(asked: Iterable[str], ask: Callable[[str], Measured], single: bool) -> Measured:
    """All answers as one; the first that cannot be had makes the whole Unknown."""
    found: list[Samples] = []
    for query in asked:
        answer = ask(query)
        if isinstance(answer, Unknown):
            return answer
        found.append(answer)
    if not found:
        return Unknown(why="the query asks for `$component`, and no component is promoted")
    if single and len(found) > 1:
        return Unknown(why=f"{len(found)} components have a series each where one series was meant")
    return Samples(
        samples=tuple(sample for each in found for sample in each.samples),
        query="\n".join(each.query for each in found),
        at=min(each.at for each in found),
        url=found[0].url,
    )
