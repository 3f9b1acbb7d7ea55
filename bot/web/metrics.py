"""Metrics of the web processes, and the store's gauges, for `GET /metrics`.

Counters live in files shared by all gunicorn workers (prometheus_client's multiprocess mode), so that a
scrape sees the sum whichever worker answers it; gauges come from the store at the moment of the scrape.
Every label is one of a few fixed words: nothing that a sender chooses becomes a label.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from bot.decide.routing import EVENTS, Drop

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_log = logging.getLogger(__name__)
# prometheus_client leaves these without types.
_value_class: Callable[[], Any] = values.get_value_class
_sum_of_files: Callable[..., Any] = MultiProcessCollector


class Refusal(Enum):
    """Why a request was not taken."""

    SIGNATURE = "signature"
    TOKEN = "token"  # noqa: S105 (a reason, no password)
    SIZE = "size"
    HEADERS = "headers"
    MALFORMED = "malformed"
    BROKEN = "broken"


class Outcome(Enum):
    """What became of a genuine delivery."""

    STORED = "stored"
    STORED_AGAIN = "stored again"
    COMPLETED_BEFORE = "completed before"
    IGNORED = "ignored"
    NOT_ALLOWLISTED = "not_allowlisted"
    NOT_STORED = "not stored"


def share(directory: str) -> None:
    """Makes all metrics created from now on live in `directory`, for this process and its children."""
    os.environ[DIRECTORY] = directory
    # The library looks at the environment when it is imported, which may have been before now.
    values.ValueClass = _value_class()


class Metrics:
    """The counters of this process. `numbers` gives the store's gauges, and may raise; `figures` are the ledger's."""

    def __init__(self, numbers: Callable[[], Mapping[str, float]], figures: Collector | None = None) -> None:
        own = CollectorRegistry()
        self._deliveries = Counter(
            "lockstep_webhook_deliveries",
            "Genuine deliveries by event and what became of them.",
            ["event", "outcome"],
            registry=own,
        )
        self._refused = Counter(
            "lockstep_webhook_refused", "Requests that were not taken.", ["reason"], registry=own
        )
        self._ignored = Counter(
            "lockstep_webhook_ignored", "Genuine deliveries that touch nothing.", ["reason"], registry=own
        )
        self._seconds = Histogram(
            "lockstep_webhook_seconds",
            "Time from a request's first byte seen to its answer.",
            buckets=_BUCKETS,
            registry=own,
        )
        self._registry = own
        directory = os.environ.get(DIRECTORY)
        if directory:
            self._registry = CollectorRegistry()
            _sum_of_files(self._registry, path=directory)
        self._registry.register(_Numbers(numbers))
        if figures is not None:
            self._registry.register(figures)
        # Looking a child up by its labels takes a lock; on the hot path it is done once for each.
        self._delivery = functools.cache(self._deliveries.labels)

    def delivered(self, event: str, outcome: Outcome) -> None:
        """Counts a genuine delivery."""
        self._delivery(event if event in EVENTS else "other", outcome.value).inc()

    def refused(self, reason: Refusal) -> None:
        """Counts a request that was not taken."""
        self._refused.labels(reason.value).inc()

    def ignored(self, reason: Drop) -> None:
        """Counts why a genuine delivery touches nothing."""
        self._ignored.labels(reason.value).inc()

    def took(self, seconds: float) -> None:
        """Counts how long a request to the webhook took."""
        self._seconds.observe(seconds)

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """Everything and its content type: OpenMetrics where it is accepted, else Prometheus' text format."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Numbers(Collector):
    """The store's gauges, and whether the store answered."""

    def __init__(self, numbers: Callable[[], Mapping[str, float]]) -> None:
        self._numbers = numbers

    def collect(self) -> Iterable[Metric]:
        """One gauge for each number."""
        try:
            numbers = dict(self._numbers())
        except Exception:  # noqa: BLE001  # logged; the counters are shown all the same
            _log.warning("the store's numbers could not be read", exc_info=True)
            yield GaugeMetricFamily("lockstep_store_up", "Whether the store answered this scrape.", 0)
            return
        yield GaugeMetricFamily("lockstep_store_up", "Whether the store answered this scrape.", 1)
        for name, value in sorted(numbers.items()):
            yield GaugeMetricFamily(f"lockstep_{name}", name.replace("_", " ").capitalize() + ".", value)

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time: registering must not ask the store."""
        return ()
