"""Are the team's own metrics stable? (row P2, "metrics stable")"""

from __future__ import annotations

from datetime import datetime

from bot.decide.gates import Gated
from bot.decide.gates.measuring import Bound, Finding, gated, length, measured, moment, number, unread
from bot.decide.text import code
from bot.model.facts import Unknown
from bot.model.measurements import Measured, MetricReading, MetricsReading, Samples
from bot.model.policy_gates import MetricQuery, MetricsGate
from bot.model.verdict import Evidence, Outcome

_Labels = frozenset[tuple[str, str]]


def metrics(gate: MetricsGate, reading: MetricsReading, now: datetime) -> Gated:
    """Every series of every query within its bounds, and changed no more than allowed since the deployment.

    A change is judged only when the whole window lies after the deployment; until then it is waited for. A gate
    without queries asks nothing and is unknown.
    """
    findings = [
        finding
        for query in gate.queries
        for finding in _judged(gate, query, reading.named(query.name), reading, now)
    ]
    if not findings:
        return gated("metrics", [unread("The metrics", Unknown(why="the rules name no query"))])
    return gated("metrics", findings)


def _judged(
    gate: MetricsGate, query: MetricQuery, found: MetricReading | None, reading: MetricsReading, now: datetime
) -> list[Finding]:
    what = f"{code(query.name)} in {reading.environment}"
    if found is None:
        return [unread(what, Unknown(why="it was not asked for"))]
    findings = []
    if any(each is not None for each in (query.min, query.max, query.warn_min, query.warn_max)):
        bound = Bound(least=query.min, most=query.max, unit="")
        warn = Bound(least=query.warn_min, most=query.warn_max, unit="")
        findings.append(measured(what, found.now, bound, warn))
    if query.max_change_percent is not None:
        findings.append(_early(what, gate, reading, now) or _changed(what, query.max_change_percent, found))
    return findings


def _early(what: str, gate: MetricsGate, reading: MetricsReading, now: datetime) -> Finding | None:
    """A wait while the window still reaches back before the deployment."""
    if not isinstance(reading.since, datetime) or now >= reading.since + gate.window:
        return None
    end = reading.since + gate.window
    return Finding(
        outcome=Outcome.WAIT,
        says=f"{what}: {length(gate.window)} after the deployment are not over before {moment(end)}",
        changes_at=end,
    )


def _changed(what: str, most: float, found: MetricReading) -> Finding:
    what = f"Change of {what} since before the deployment"
    now, before = found.now, found.before
    if not isinstance(now, Samples):
        return unread(what, now)
    if not isinstance(before, Samples):
        return unread(what, before or Unknown(why="the value before was not asked for"))
    then, current = _by_labels(before), _by_labels(now)
    if then.keys() != current.keys():
        return unread(what, Unknown(why="the query had other series before the deployment than now"))
    changes = {labels: _percent(then[labels], value) for labels, value in current.items()}
    labels = max(changes, key=lambda each: changes[each])
    worst = changes[labels]
    values = f"{number(then[labels])} → {number(current[labels])}"
    shown = f"{'from zero' if worst == float('inf') else number(worst, '%', near=[most])} ({values})"
    bound = Bound(most=most)
    return Finding(
        outcome=Outcome.PASS if bound.holds(worst) else Outcome.BLOCK,
        says=f"{what} is {shown}, needed: {bound.words}",
        evidence=(Evidence(measured=shown, needed=bound.words, source=now.source, url=now.url, at=now.at),),
    )


def _by_labels(found: Measured) -> dict[_Labels, float]:
    samples = found.samples if isinstance(found, Samples) else ()
    return {frozenset(each.labels.items()): each.value for each in samples}


def _percent(before: float, now: float) -> float:
    """The change in percent of the value before; from zero, any change is infinite."""
    if before == now:
        return 0.0
    return abs(now - before) / abs(before) * 100 if before else float("inf")
