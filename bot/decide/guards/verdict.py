"""What the guards found as the gate `guards`: an annotation for each finding; nobody may override it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide.guards.look import Guarded
from bot.decide.text import code, counted, defang
from bot.model.facts import Unknown
from bot.model.guards import Finding
from bot.model.verdict import Annotation, Outcome, Verdict

GATE = "guards"
MOST = 200
"""Findings that are annotated; what is beyond is only counted (attack case 75)."""


def verdict(found: Guarded | Unknown) -> Verdict:
    """Blocks on anything denied; warnings are shown and let pass; what could not be read is unknown."""
    if isinstance(found, Unknown):
        return Verdict(
            gate=GATE,
            outcome=Outcome.UNKNOWN,
            headline=f"The guards could not look at this: {defang(found.why, 300)}",
        )
    denied = [each for each in found.findings if each.severity == "deny"]
    shown = (*denied, *(each for each in found.findings if each.severity != "deny"))
    more = [f"And {len(shown) - MOST} more; `lockstep guard` lists them all"] if len(shown) > MOST else []
    return Verdict(
        gate=GATE,
        outcome=Outcome.BLOCK if denied else Outcome.PASS,
        headline=_headline(denied, len(shown) - len(denied)),
        reasons=(
            *(_reason(each) for each in shown[:MOST]),
            *more,
            *(f"note: {defang(each, 300)}" for each in found.notes[:MOST]),
        ),
        annotations=tuple(_annotation(each) for each in shown[:MOST]),
    )


def _headline(denied: Sequence[Finding], warnings: int) -> str:
    if denied:
        first = denied[0]
        rest = f" (and {len(denied) - 1} more)" if len(denied) > 1 else ""
        return f"{_place(first)}: {defang(first.message, 200)}{rest}"
    return (
        f"The guards deny nothing; {counted(warnings, 'warning')}" if warnings else "The guards found nothing"
    )


def _reason(finding: Finding) -> str:
    word = "" if finding.severity == "deny" else "warning: "
    place = code(f"{finding.file}:{finding.line}")
    return f"{word}{place} {defang(finding.message, 400)} ({defang(finding.guard, 80)})"


def _place(finding: Finding) -> str:
    return f"{defang(finding.file, 120)}:{finding.line}"


def _annotation(finding: Finding) -> Annotation:
    return Annotation(
        path=finding.file,
        line=finding.line,
        message=finding.message,
        title=finding.guard,
        level="failure" if finding.severity == "deny" else "warning",
    )
