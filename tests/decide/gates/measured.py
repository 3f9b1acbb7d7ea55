"""Short ways to write measurements in the gates' truth tables."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.model.facts import Unknown
from bot.model.measurements import Sample, Samples

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DOWN = Unknown(why="Prometheus: 127.0.0.1 refused the connection")


def values(*numbers: float, **named: float) -> Samples:
    """Series by their order, or by their component."""
    samples = [
        Sample(labels={"n": str(n)} if len(numbers) > 1 else {}, value=v) for n, v in enumerate(numbers)
    ]
    samples += [Sample(labels={"component": name}, value=value) for name, value in named.items()]
    return Samples(samples=tuple(samples), query="q", at=NOW, url="http://prometheus.example/graph")
