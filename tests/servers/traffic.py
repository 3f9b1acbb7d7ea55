"""A day behind and a few hours ahead of a moment as Prometheus knows it: for stories, whose clock moves on."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.servers.openmetrics import Series, counter, openmetrics

BEHIND, AHEAD = timedelta(hours=26), timedelta(hours=8)


def traffic(now: datetime) -> str:
    """dev answers 990 of 1,000 requests each minute and takes 10% of what it serves with staging; it is always up.

    Its latency is 0.2, and its queue has been empty until two hours after `now` and holds 40 from then on.
    """
    requests = [
        counter(
            "http_requests_total",
            f'environment="{place}",component="api",code="{code}"',
            lambda _, n=n: n,
        )
        for place, code, n in (
            ("dev", "200", 990.0),
            ("dev", "500", 10.0),
            ("staging", "200", 9000.0),
        )
    ]
    up: list[Series] = [('up{environment="dev",component="api",instance="a"}', lambda _: 1.0)]
    latency: list[Series] = [('latency_seconds{environment="dev"}', lambda _: 0.2)]
    later = now + timedelta(hours=2)
    queue: list[Series] = [('queue_length{environment="dev"}', lambda at: 10.0 if at < later else 40.0)]
    families: dict[str, tuple[str, list[Series]]] = {
        "http_requests": ("counter", requests),
        "up": ("gauge", up),
        "latency_seconds": ("gauge", latency),
        "queue_length": ("gauge", queue),
    }
    return openmetrics(families, now - BEHIND, now + AHEAD)
