"""Verdicts for a terminal and for machines: the check runs' sentences, gate by gate (row P12).

Text goes to a terminal, so what other people wrote is made visible characters on one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bot.decide.text import truncate, visible
from bot.model.verdict import Evidence, Outcome, Verdict, Waiting

HEAD = ("gate", "outcome", "measured", "needed", "source", "age")
_WIDEST = (20, 10, 60, 50, 60, 10)


def age(at: datetime | None, now: datetime) -> str:
    """How long ago something was read: `12 s`, `3 min`, `5 h`, `2 d`; empty when that is not known."""
    if at is None:
        return ""
    seconds = max(int((now - at).total_seconds()), 0)
    for most, size, unit in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < most:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86_400} d"


def table(verdicts: Sequence[Verdict], now: datetime) -> str:
    """One row for each measured value, under a head; a verdict without one has a row with its outcome alone."""
    rows = [HEAD]
    for verdict in verdicts:
        first = (verdict.gate, verdict.outcome.value)
        rows += [(*first, *_cells(each, now)) for each in verdict.evidence] or [(*first, "", "", "", "")]
    return aligned(rows, _WIDEST)


def aligned(rows: Sequence[Sequence[str]], widest: Sequence[int]) -> str:
    """Rows of equal length as columns, each cell one visible line of at most that many characters."""
    shown = [
        [truncate(visible(cell), most, "…") for cell, most in zip(row, widest, strict=True)] for row in rows
    ]
    widths = [max(len(row[column]) for row in shown) for column in range(len(widest))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in shown)
    return "\n".join(line.rstrip() for line in lines)


def _cells(evidence: Evidence, now: datetime) -> tuple[str, str, str, str]:
    return evidence.measured, evidence.needed, evidence.source, age(evidence.at, now)


def sentences(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """What each verdict says, with its reasons indented below it; whom a waiting one waits for stands first."""
    lines: list[str] = []
    for verdict in verdicts:
        waits = f" ({waits_for(verdict)})" if verdict.outcome is Outcome.WAIT else ""
        lines.append(f"{verdict.outcome.value}: {verdict.gate}{waits}: {visible(verdict.headline)}")
        lines += [f"    {visible(reason)}" for reason in verdict.reasons]
    return tuple(lines)


def waits_for(verdict: Verdict) -> str:
    """`waits for a person` or `waits for a machine`."""
    return "waits for a person" if verdict.waiting is Waiting.PERSON else "waits for a machine"


def exit_code(verdicts: Sequence[Verdict]) -> int:
    """0: every gate passes, or none is demanded; 1: one blocks or waits; 3: one could not be measured."""
    held = {each.outcome for each in verdicts}
    if held & {Outcome.BLOCK, Outcome.WAIT}:
        return 1
    return 3 if Outcome.UNKNOWN in held else 0


def as_json(verdict: Verdict, now: datetime) -> dict[str, Any]:
    """A verdict as the command line's JSON has it."""
    waiting = verdict.waiting.value if verdict.outcome is Outcome.WAIT else None
    return {
        "gate": verdict.gate,
        "outcome": verdict.outcome.value,
        "headline": verdict.headline,
        "reasons": list(verdict.reasons),
        "waits_for": waiting,
        "evidence": [_evidence(each, now) for each in verdict.evidence],
    }


def _evidence(evidence: Evidence, now: datetime) -> dict[str, Any]:
    at = evidence.at
    return {
        "measured": evidence.measured,
        "needed": evidence.needed,
        "source": evidence.source,
        "url": evidence.url,
        "at": at.astimezone(UTC).isoformat() if at else None,
        "age_seconds": max(int((now - at).total_seconds()), 0) if at else None,
    }
