"""A town's day of counters and targets, for a Prometheus."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.servers.openmetrics import Series, counter, openmetrics

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
VANISHED = NOW - timedelta(minutes=10)
DEPLOYED = NOW - timedelta(hours=2)
_SPAN = timedelta(hours=26)


def town() -> str:
    """Staging is well but for `web`; canary and production share the traffic; `odd` has what nobody can judge.

    staging: api answers 990 of 1,000 requests each minute, web 900, worker all (it never had a 5xx series).
    Their targets are up all the time; web's was down in the last half hour; `vanished` is not scraped any more.
    canary: 10 of 100 requests, all answered. Latency doubles at DEPLOYED.
    """
    requests = [
        counter(
            "http_requests_total", f'environment="{place}",component="{name}",code="{code}"', lambda _, n=n: n
        )
        for place, name, code, n in (
            ("staging", "api", "200", 990.0),
            ("staging", "api", "500", 10.0),
            ("staging", "web", "200", 900.0),
            ("staging", "web", "503", 100.0),
            ("staging", "worker", "200", 10.0),
            ("canary", "api", "200", 10.0),
            ("production", "api", "200", 90.0),
            ("quiet", "api", "200", 0.0),
        )
    ]
    half_an_hour = NOW - timedelta(minutes=30)
    up: list[Series] = [
        ('up{environment="staging",component="api",instance="a"}', lambda _: 1.0),
        ('up{environment="staging",component="worker",instance="c"}', lambda _: 1.0),
        ('up{environment="staging",component="web",instance="b"}', lambda at: float(at <= half_an_hour)),
        ('up{environment="canary",component="api",instance="d"}', lambda _: 1.0),
        (
            'up{environment="staging",component="vanished",instance="e"}',
            lambda at: 1.0 if at <= VANISHED else None,
        ),
    ]
    others: list[Series] = [
        ('latency{environment="staging"}', lambda at: 0.1 if at <= DEPLOYED else 0.2),
        ('odd{kind="nan"}', lambda _: float("nan")),
        ('odd{kind="one"}', lambda _: 1.0),
        ('odd{kind="two"}', lambda _: 2.0),
    ]
    vanished = counter(
        "http_requests_total", 'environment="staging",component="vanished",code="200"', lambda _: 5.0
    )
    requests.append((vanished[0], lambda at: vanished[1](at) if at <= VANISHED else None))
    families = {"http_requests": ("counter", requests), "up": ("gauge", up)}
    by_name: dict[str, list[Series]] = {}
    for series in others:
        by_name.setdefault(series[0].partition("{")[0], []).append(series)
    families |= {name: ("gauge", rows) for name, rows in by_name.items()}
    return openmetrics(families, NOW - _SPAN, NOW)
