"""The ledger's figures for a scrape: each process folds the same rows, so any of them gives the same answer.

The ledger only grows, and what has been folded is kept; a scrape reads what is new. After a start it may take several
scrapes until all is read: until then the figures are left out, for a counter that grows while it is read is no rate.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot.decide.figures import EVENTS, FAMILIES, Family, Kind, Tally
from bot.decide.figures.tally import REFUSED_RUN
from bot.web.bounded import Bounded
from bot.web.ports import Ledger

PAGE = 5_000
READ_FOR = 1.0
"""Seconds of one scrape that go into reading."""
WITHIN = 2.0

_log = logging.getLogger(__name__)


class Figures(Collector):
    """Folds the ledger as far as it has come."""

    def __init__(self, ledger: Callable[[], Ledger], clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger, self._clock = ledger, clock
        self._tally, self._seq = Tally(), 0
        self._lock = threading.Lock()
        self._ask = Bounded(self._read, WITHIN)

    def collect(self) -> Iterable[Metric]:
        """Every family, once all rows are read."""
        try:
            caught_up = self._ask()
        except Exception:  # noqa: BLE001  # logged; the other metrics are shown all the same
            _log.warning("the ledger's figures could not be read", exc_info=True)
            caught_up = False
        said = "Whether the ledger's figures are complete in this scrape."
        yield GaugeMetricFamily("lockstep_figures_complete", said, float(caught_up))
        if caught_up:
            with self._lock:
                found = [_family(each, self._tally) for each in FAMILIES]
            yield from found

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time: registering must not ask the store."""
        return ()

    def _read(self) -> bool:
        """Folds what is new; whether that was all of it."""
        end = self._clock() + READ_FOR
        with self._lock:
            while True:
                rows = self._ledger().following(self._seq, EVENTS, REFUSED_RUN, PAGE)
                for row in rows:
                    self._tally.take(row.entry)
                    self._seq = row.seq
                if len(rows) < PAGE:
                    return True
                if self._clock() >= end:
                    return False


def _family(family: Family, tally: Tally) -> Metric:
    if family.kind is Kind.HISTOGRAM:
        return _histogram(family, tally)
    counter = family.kind is Kind.COUNTER
    found: CounterMetricFamily | GaugeMetricFamily = (
        CounterMetricFamily(family.name, family.help, labels=family.labels)
        if counter
        else GaugeMetricFamily(family.name, family.help, labels=family.labels)
    )
    numbers = dict((tally.counts if counter else tally.gauges()).get(family.name, {}))
    if not numbers and not family.labels:
        numbers = {(): 0}
    for labels, number in sorted(numbers.items()):
        found.add_metric(labels, number)
    return found


def _histogram(family: Family, tally: Tally) -> Metric:
    found = HistogramMetricFamily(family.name, family.help, labels=family.labels)
    for labels, spread in sorted(tally.spreads.get(family.name, {}).items()):
        above, buckets = 0, []
        for bound, number in zip((*family.buckets, float("inf")), spread.buckets, strict=True):
            above += number
            buckets.append(("+Inf" if bound == float("inf") else f"{bound:.1f}", above))
        found.add_metric(labels, buckets, spread.total)
    return found
