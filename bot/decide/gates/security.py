"""Are there few enough security findings of each severity (rows P1, P2)?

Findings to which the scanner gives no severity could be any: they count against every limit. If only they break one,
the answer is unknown. So it is when a scan did not finish, or a source that the rules name could not be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add

from bot.decide.text import defang, plain
from bot.model.facts import Unknown
from bot.model.policy_gates import SecurityGate
from bot.model.reports import Findings, Reported
from bot.model.verdict import Evidence, Outcome, Verdict

GATE = "security"
_SHOWN = 5


def evaluate(gate: SecurityGate, found: Mapping[str, Reported[Findings] | Unknown]) -> Verdict:
    """The verdict over `found`, by source (`artifact`, `code-scanning`, `dependabot`): those the gate names count.

    Findings of all sources are added up.
    """
    read = {source: found.get(source, Unknown(why="nothing was read")) for source in gate.sources}
    unread = [(source, each.why) for source, each in read.items() if isinstance(each, Unknown)]
    known = [each for each in read.values() if isinstance(each, Reported)]
    total = reduce(add, [each.value for each in known], Findings())
    over = _over(gate, total)
    evidence = (
        *(Evidence(measured="unknown", needed="findings", source=source) for source, _ in unread),
        *_evidence(gate, total, known),
    )
    outcome, headline = _answer(gate, total, over, unread)
    reasons = (*(() if outcome is Outcome.PASS else _examples(total)), *(_warnings(gate, total)))
    return Verdict(gate=GATE, outcome=outcome, headline=headline, reasons=reasons, evidence=evidence)


def _limits(gate: SecurityGate) -> Mapping[str, int]:
    """The severities that have a limit, worst first."""
    limits = {
        "critical": gate.max_critical,
        "high": gate.max_high,
        "medium": gate.max_medium,
        "low": gate.max_low,
    }
    return {severity: limit for severity, limit in limits.items() if limit is not None}


def _count(findings: Findings, severity: str) -> int:
    return int(getattr(findings, severity))


def _over(gate: SecurityGate, found: Findings) -> list[str]:
    return [
        f"{_many(_count(found, severity), severity)}, {_allowed(limit)}"
        for severity, limit in _limits(gate).items()
        if _count(found, severity) > limit
    ]


def _answer(
    gate: SecurityGate, found: Findings, over: Sequence[str], unread: Sequence[tuple[str, str]]
) -> tuple[Outcome, str]:
    if unread or not gate.sources:
        told = "; ".join(f"{source}: {plain(why, 300)}" for source, why in unread)
        return Outcome.UNKNOWN, f"Security findings could not be read: {told or 'no source is named'}"
    if over:
        return Outcome.BLOCK, "; ".join(over)
    limits = _limits(gate)
    if found.unknown and any(_count(found, each) + found.unknown > limit for each, limit in limits.items()):
        return (
            Outcome.UNKNOWN,
            f"{_many(found.unknown, 'security')} without a severity, which could be of any; look at them",
        )
    if found.incomplete:
        return Outcome.UNKNOWN, f"{plain(found.incomplete[0], 200)}, so there may be more findings"
    counts = ", ".join(f"{_count(found, each)} {each} (at most {limit})" for each, limit in limits.items())
    warned = "; over a warning" if _warnings(gate, found) else ""
    return Outcome.PASS, f"Security findings: {counts or f'{found.total}, no limit is set'}{warned}"


def _warnings(gate: SecurityGate, found: Findings) -> tuple[str, ...]:
    """`warn_…` shows and never blocks."""
    marks = (("high", gate.warn_high), ("medium", gate.warn_medium))
    return tuple(
        f"{_many(_count(found, severity), severity)}: a warning stands at {mark}"
        for severity, mark in marks
        if mark is not None and _count(found, severity) > mark
    )


def _evidence(
    gate: SecurityGate, found: Findings, known: Sequence[Reported[Findings]]
) -> tuple[Evidence, ...]:
    """One row for each limit, over all that was read."""
    if not known:
        return ()
    extra = f", {found.unknown} without a severity" if found.unknown else ""
    extra += f", {found.suppressed} suppressed" if found.suppressed else ""
    times = [each.at for each in known if each.at is not None]
    rows = _limits(gate) or {}
    return tuple(
        Evidence(
            measured=f"{_count(found, severity)} {severity}{extra}",
            needed=f"≤ {limit} {severity}",
            source=", ".join(each.source for each in known),
            url=next((each.url for each in known if each.url), None),
            at=min(times, default=None),
        )
        for severity, limit in rows.items()
    )


def _examples(found: Findings) -> tuple[str, ...]:
    """The worst as Markdown."""
    return tuple(
        f"{each.severity}: {defang(each.id, 120) or 'a finding without an id'}"
        + (f" in {defang(each.where, 160)}" if each.where else "")
        for each in found.examples[:_SHOWN]
    )


def _many(number: int, what: str) -> str:
    return f"{number} {what} finding{'' if number == 1 else 's'}"


def _allowed(limit: int) -> str:
    return "none is allowed" if limit == 0 else f"at most {limit} {'is' if limit == 1 else 'are'} allowed"
