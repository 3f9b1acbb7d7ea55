"""Samples for a Prometheus, written by the test: one a minute, as OpenMetrics."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

STEP = timedelta(minutes=1)

Series = tuple[str, Callable[[datetime], float | None]]


def counter(name: str, labels: str, per_minute: Callable[[datetime], float]) -> Series:
    """A counter that grows by `per_minute(at)` each minute."""
    total = 0.0

    def value(at: datetime) -> float:
        nonlocal total
        total += per_minute(at)
        return total

    return f"{name}{{{labels}}}", value


def openmetrics(families: dict[str, tuple[str, list[Series]]], start: datetime, end: datetime) -> str:
    """The text: family name to its type and series, each with a sample a minute from `start` to `end`."""
    lines: list[str] = []
    for family, (kind, series) in families.items():
        lines.append(f"# TYPE {family} {kind}")
        for name, value in series:
            at = start
            while at <= end:
                number = value(at)
                if number is not None:
                    lines.append(f"{name} {number!r} {at.timestamp():.0f}")
                at += STEP
    return "\n".join([*lines, "# EOF", ""])
