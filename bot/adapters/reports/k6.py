"""k6's end-of-test summary as JSON: what `handleSummary(data)` is given, or the older `--summary-export`.

The two say the opposite with the same word: `handleSummary` has `{"p(95)<500": {"ok": true}}` for a threshold that
held; `--summary-export` has `{"p(95)<500": true}` for one that was *crossed* (k6 issue 1498).
https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/
"""

from __future__ import annotations

from bot.adapters.reports.json_document import Cursor, load_json
from bot.adapters.reports.refused import refuse, shown
from bot.model.reports import PerformanceReport, TestFailure


def read(data: bytes, *, name: str) -> PerformanceReport:
    """Counts thresholds, iterations and checks. Raises ReportRefused when it is not a summary of k6.

    A summary without thresholds is read, with 0 passed and 0 failed: whether that is enough the gate says.
    """
    document = load_json(data, name=name)
    if not is_k6(document):
        refuse(name, "is not a summary of k6: it lacks the objects metrics and root_group")
    found = PerformanceReport(iterations=_counted(document["metrics"]["iterations"], "count"))
    checks = document["metrics"]["checks"]
    found += PerformanceReport(
        checks_passed=_counted(checks, "passes"), checks_failed=_counted(checks, "fails")
    )
    for metric, about in document["metrics"].members():
        for condition, result in about["thresholds"].members():
            found += _threshold(metric, condition, result, about)
    return found


def is_k6(document: Cursor) -> bool:
    """Whether it looks like one of the two summaries."""
    if not document.is_object("metrics", "root_group"):
        return False
    return document["metrics"].is_object() and document["root_group"].is_object()


def _values(metric: Cursor) -> Cursor:
    """Where a metric's numbers are: in `values`, or in the older layout beside the thresholds."""
    return metric["values"] if metric.is_object("values") else metric


def _counted(metric: Cursor, key: str) -> int:
    if metric.absent:
        return 0
    value = _values(metric)[key]
    return 0 if value.absent else value.count()


def _threshold(metric: str, condition: str, result: Cursor, about: Cursor) -> PerformanceReport:
    held = result["ok"].flag() if result.is_object() else not result.flag()
    if held:
        return PerformanceReport(passed=1)
    aggregate = condition.split("<")[0].split(">")[0].split("=")[0].split("!")[0].strip()
    measured = _values(about)[aggregate].number()
    says = f"{aggregate} was {measured:g}" if measured is not None else ""
    failure = TestFailure(name=f"{shown(metric)}: {shown(condition)}", message=says)
    return PerformanceReport(failed=1, failures=(failure,))
