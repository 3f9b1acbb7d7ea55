"""The metrics that are made from the ledger: names, labels, units. The README's table is held to these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a metric is to Prometheus."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


_MINUTES = (60.0, 300.0, 900.0, 1_800.0, 3_600.0)
_DAYS = (14_400.0, 43_200.0, 86_400.0, 259_200.0, 604_800.0, 2_592_000.0)
LONG = (*_MINUTES, *_DAYS)
"""Seconds: a minute to thirty days, for what people wait for."""
SHORT = (10.0, 30.0, 60.0, 120.0, 180.0, 240.0, 300.0, 600.0, 1_800.0, 3_600.0)
"""Seconds around the rollback's goal, five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric. `name` without `_total` or `_bucket`; `buckets` in seconds, for histograms."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()


def _counter(name: str, labels: str, text: str) -> Family:
    return Family(name=f"lockstep_{name}", kind=Kind.COUNTER, labels=tuple(labels.split()), help=text)


def _seconds(name: str, labels: str, text: str, buckets: tuple[float, ...] = LONG) -> Family:
    return Family(
        name=f"lockstep_{name}_seconds",
        kind=Kind.HISTOGRAM,
        labels=tuple(labels.split()),
        help=text,
        buckets=buckets,
    )


FAMILIES: tuple[Family, ...] = (
    _counter("promotion_attempts", "environment kind", "Pull requests that were opened to promote."),
    _counter(
        "promotion_successes", "environment kind", "Promotions that are live, or merged for alert bundles."
    ),
    _counter(
        "promotion_failures", "environment kind reason", "Promotions that were closed or failed to deploy."
    ),
    _seconds("promotion", "environment kind", "From a promotion's opening to its merge."),
    _counter("releases_accepted", "", "Releases that were taken from workflow runs."),
    _counter("releases_refused", "reason", "Releases that were refused, by what was wrong."),
    _counter(
        "gate_verdicts", "environment gate verdict", "Answers of gates and other questions, as they changed."
    ),
    _counter(
        "validation_failures", "environment gate", "Answers that block or that nobody could give, by gate."
    ),
    _counter("approvals", "environment", "Approvals that were counted."),
    _seconds("approval_wait", "environment", "From a promotion's opening to each approval."),
    Family(
        name="lockstep_approvals_awaited",
        kind=Kind.GAUGE,
        labels=("environment",),
        help="Open promotions that wait for somebody's approval.",
    ),
    _counter("overrides", "environment gate decision", "Overrides that were given or refused."),
    _counter(
        "rollbacks",
        "environment outcome",
        "Rollbacks asked for, merged, healthy, not watched, failed or closed.",
    ),
    _seconds(
        "rollback", "environment", "From a revert's merge until it was healthy; the goal is 300 s.", SHORT
    ),
    _counter("deployments", "environment outcome", "Deployments that went live or failed."),
    _counter("changes", "environment", "Promotions that went live, failed or were rolled back, each once."),
    _seconds("lead_time", "environment", "From the source commit until it is live."),
    _counter("change_failures", "environment", "Changes that failed or were rolled back, each once."),
    _seconds(
        "restore", "environment", "From a failure (or the wish to roll back) until it is healthy again."
    ),
    _counter(
        "production_validations", "environment outcome", "Production validations that passed or failed."
    ),
    _counter(
        "incidents", "environment stage", "Incidents of failed validations, by the stages they reached."
    ),
    _seconds("incident_acknowledge", "environment", "From an incident's opening to its acknowledgement."),
    _seconds("incident_resolve", "environment", "From an incident's opening to its end."),
    _counter("incident_alerts", "environment", "Alerts that closed incidents had gathered."),
    _counter("incidents_acted", "environment", "Closed incidents that led to a rollback or a fix."),
    _counter("direct_pushes", "", "Pushes to the default branch past pull requests."),
)
BY_NAME = {each.name: each for each in FAMILIES}
