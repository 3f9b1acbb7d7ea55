"""The shipped questions of the gates as PromQL, and how names get into a query: after a grammar check only.

They rest on two series that most installations have, with labels `environment` and `component` (the rules' `alerts`
section may name other labels): `up`, which Prometheus makes for every target, and the counter
`http_requests_total` with the status in `code`. Who measures otherwise writes their own query into the rules.
All values are percentages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

AVAILABILITY = (
    "100 * avg by ($component_label) (avg_over_time(up{$scope}[$window]))"
    " and on ($component_label) count by ($component_label) (up{$scope})"
)
"""The share of time in which the component's targets answered their scrapes. The `and` asks for a sample of now: a
component that vanished in mid-window has no series then, where its past alone would still look well."""

ERROR_RATE = (
    '100 * (sum by ($component_label) (rate(http_requests_total{$scope, code=~"5.."}[$window]))'
    " or 0 * sum by ($component_label) (rate(http_requests_total{$scope}[$window])))"
    " / sum by ($component_label) (rate(http_requests_total{$scope}[$window]))"
    " and on ($component_label) count by ($component_label) (http_requests_total{$scope})"
)
"""The share of requests that ended with 5xx. Without any 5xx series it is 0; without requests it is no number."""

ERROR_BUDGET = f"({ERROR_RATE}) * 100 / $allowed"
"""The error rate over the objective's window, as a share of what the objective allows."""

CANARY_TRAFFIC = (
    "100 * sum(rate(http_requests_total{$canary}[$window]))"
    " / sum(rate(http_requests_total{$canary_and_stable}[$window]))"
    " and on () count(http_requests_total{$canary})"
)
"""The canary's share of the requests that canary and target environment served together."""

CANARY_SUCCESS = f"100 - ({ERROR_RATE})"
"""The share of the canary's requests that did not end with 5xx."""

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,30}", re.ASCII)
_COMPONENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PLACEHOLDER = re.compile(r"\$(?:\{([a-z_]+)\}|([a-z_]+))", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is measured: the environment, and the components that must have a series of their own.

    Raises ValueError for a name that does not obey its grammar: nothing else gets into a query.
    """

    environment: str
    components: tuple[str, ...] = ()
    """Empty: whatever the environment has."""
    environment_label: str = "environment"
    component_label: str = "component"

    def __post_init__(self) -> None:
        environment(self.environment)
        for name in self.components:
            if not _COMPONENT.fullmatch(name):
                raise ValueError("a component's name has characters that do not belong into a query")
        for name in (self.environment_label, self.component_label):
            if not _LABEL.fullmatch(name):
                raise ValueError("a label's name has characters that do not belong into a query")

    @property
    def selector(self) -> str:
        """The label matchers of this scope, to stand between braces."""
        found = f"{self.environment_label}={quoted(self.environment)}"
        return (
            f"{found}, {self.component_label}=~{quoted(one_of(self.components))}"
            if self.components
            else found
        )


def environment(name: str) -> str:
    """The name, checked. Raises ValueError."""
    if not _ENVIRONMENT.fullmatch(name):
        raise ValueError("an environment's name has characters that do not belong into a query")
    return name


def quoted(value: str) -> str:
    """A PromQL string: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals"""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def one_of(names: tuple[str, ...]) -> str:
    """A regular expression (RE2, which Prometheus anchors) that matches exactly these names."""
    return "|".join(re.sub(r"[^A-Za-z0-9_-]", r"\\\g<0>", name) for name in names)


def duration(value: timedelta) -> str:
    """`[…]`'s inside: whole milliseconds in the largest unit that fits."""
    left = max(1, round(value.total_seconds() * 1000))
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if left % size == 0:
            return f"{left // size}{unit}"
    return f"{left}ms"


def shipped(template: str, scope: Scope, window: timedelta, *, objective: float = 0, stable: str = "") -> str:
    """One of the constants above, filled in. `objective` in percent; `stable` is the environment beside the canary."""
    canary_and_stable = f"{scope.environment_label}=~{quoted(one_of((scope.environment, stable)))}"
    return _filled(
        template,
        {
            "component_label": scope.component_label,
            "scope": scope.selector,
            "window": duration(window),
            # In decimals: 100 - 99.9 is not 0.1 in binary, and the border must be exact.
            "allowed": str(100 - Decimal(str(objective))),
            "canary": f"{scope.environment_label}={quoted(scope.environment)}",
            "canary_and_stable": canary_and_stable,
        },
    )


def own(query: str, scope: Scope, window: timedelta) -> tuple[str, ...]:
    """The team's own query with `$environment`, `$window` and `$component` filled in.

    One query per component when it asks for `$component`, so that each of them must have an answer.
    """
    known = {"environment": scope.environment, "window": duration(window)}
    if not any("component" in found.groups() for found in _PLACEHOLDER.finditer(query)):
        return (_filled(query, known),)
    return tuple(_filled(query, {**known, "component": name}) for name in scope.components)


def _filled(template: str, known: dict[str, str]) -> str:
    def put(found: re.Match[str]) -> str:
        return known.get(found[1] or found[2], found[0])

    return _PLACEHOLDER.sub(put, template)
