"""Gates that measure a running system: Prometheus, Alertmanager and Argo CD, as pydantic models."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot.adapters.rules.spec import (
    Count,
    Duration,
    EnvironmentName,
    Line,
    Matcher,
    Percent,
    Period,
    Spec,
)
from bot.model import policy_gates as model


def _needs_one_of(spec: Spec, *names: str) -> None:
    if all(getattr(spec, name) is None for name in names):
        raise ValueError("expected at least one of " + ", ".join(f"`{name}`" for name in names))


_MEASURED = Field(
    default=None,
    description="The environment that is measured. Left out: the one that releases come from (for an "
    "environment without `from`: itself).",
)


class SloSpec(Spec):
    """Service levels, measured with Prometheus; every returned series must satisfy them."""

    makes = model.SloGate

    min_availability_percent: Percent | None = Field(
        default=None, description="Availability must be at least this."
    )
    max_error_rate_percent: Percent | None = Field(
        default=None, description="The error rate must be at most this."
    )
    warn_availability_percent: Percent | None = Field(default=None, description="Below this it is a warning.")
    warn_error_rate_percent: Percent | None = Field(default=None, description="Above this it is a warning.")
    window: Period = Field(default=timedelta(hours=1), description="The time over which it is measured.")
    availability_query: Line | None = Field(
        default=None, description="PromQL whose value is a percentage. Left out: the shipped query."
    )
    error_rate_query: Line | None = Field(
        default=None, description="PromQL whose value is a percentage. Left out: the shipped query."
    )
    environment: EnvironmentName | None = _MEASURED

    @model_validator(mode="after")
    def _something(self) -> Self:
        _needs_one_of(self, "min_availability_percent", "max_error_rate_percent")
        return self


class ErrorBudgetSpec(Spec):
    """How much of the error budget is used up."""

    makes = model.ErrorBudgetGate

    max_consumed_percent: Percent = Field(description="The share consumed must stay below this.")
    warn_consumed_percent: Percent | None = Field(default=None, description="From this on it is a warning.")
    objective_percent: Annotated[float, Field(gt=0, lt=100)] = Field(
        default=99.9, description="The objective that the budget belongs to."
    )
    window: Period = Field(default=timedelta(days=30), description="The window that the budget belongs to.")
    query: Line | None = Field(
        default=None, description="PromQL for the percentage consumed. Left out: from objective and window."
    )
    environment: EnvironmentName | None = _MEASURED


class CanarySpec(Spec):
    """How the canary did."""

    makes = model.CanaryGate

    min_traffic_percent: Percent = Field(default=0, description="The share of traffic that it took.")
    min_duration: Duration = Field(default=timedelta(0), description="For how long.")
    min_success_rate_percent: Percent = Field(
        default=0, description="The share of successful requests meanwhile."
    )
    warn_success_rate_percent: Percent | None = Field(default=None, description="Below this it is a warning.")
    traffic_query: Line | None = Field(default=None, description="PromQL for the traffic share in percent.")
    success_rate_query: Line | None = Field(
        default=None, description="PromQL for the success rate in percent."
    )
    environment: EnvironmentName | None = _MEASURED

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.min_traffic_percent or self.min_duration or self.min_success_rate_percent):
            raise ValueError(
                "expected at least one of `min_traffic_percent`, `min_duration`, `min_success_rate_percent`"
            )
        return self


class MetricQuerySpec(Spec):
    """One PromQL question with bounds that every returned series must satisfy."""

    makes = model.MetricQuery

    name: Line = Field(description="What it measures, for the report.")
    query: Line = Field(description="PromQL; `$window`, `$environment` and `$component` are filled in.")
    min: float | None = Field(default=None, description="The lowest value allowed.")
    max: float | None = Field(default=None, description="The highest value allowed.")
    warn_min: float | None = Field(default=None, description="Below this it is a warning.")
    warn_max: float | None = Field(default=None, description="Above this it is a warning.")
    max_change_percent: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="How far the value may differ from before the deployment, either way."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        _needs_one_of(self, "min", "max", "max_change_percent")
        return self


class MetricsSpec(Spec):
    """Metrics that must be stable."""

    makes = model.MetricsGate

    window: Period = Field(
        default=timedelta(minutes=15), description="The time over which they are measured."
    )
    queries: list[MetricQuerySpec] = Field(min_length=1, description="The questions.")
    environment: EnvironmentName | None = _MEASURED


class CriticalAlertsSpec(Spec):
    """Alerts that are active: neither silenced nor inhibited."""

    makes = model.CriticalAlertsGate

    max_firing: Count = Field(default=0, description="How many may fire.")
    warn_firing: Count | None = Field(default=None, description="More than this are a warning.")
    matchers: list[Matcher] = Field(
        default=['severity="critical"'], description="Alertmanager matchers that an alert must meet to count."
    )
    environment: EnvironmentName | None = _MEASURED


class StabilitySpec(Spec):
    """The Argo CD applications are Synced and Healthy."""

    makes = model.StabilityGate

    min_duration: Duration = Field(default=timedelta(0), description="For how long; zero: now is enough.")
    environment: EnvironmentName | None = _MEASURED
