"""Counting findings one by one into `Findings`, and the words and scores that scanners have for severities."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model.reports import MOST_EXAMPLES, SEVERITIES, Finding, Findings, worst_first

_WORDS = {
    "critical": "critical",
    "high": "high",
    "important": "high",
    "medium": "medium",
    "moderate": "medium",
    "low": "low",
    "negligible": "low",
    "info": "low",
    "informational": "low",
    "none": "low",
}
SCORES = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.0, "low"))
"""CVSS 3's bands, from the top; those of GitHub's `security-severity` too."""


def from_word(word: str) -> str:
    """A field of `Findings`; a word that nobody knows is `unknown`."""
    return _WORDS.get(word.strip().lower(), "unknown")


def from_score(score: float) -> str:
    """A field of `Findings` for a CVSS score above 0; beyond the scale it is `unknown`."""
    if not 0 < score <= 10:
        return "unknown"
    return next(severity for floor, severity in SCORES if score >= floor)


def counted(
    findings: Iterable[Finding], *, suppressed: int = 0, incomplete: tuple[str, ...] = ()
) -> Findings:
    """The numbers, with the first of each severity as examples, worst first."""
    numbers = dict.fromkeys(SEVERITIES, 0)
    kept: list[Finding] = []
    for finding in findings:
        numbers[finding.severity] += 1
        if numbers[finding.severity] <= MOST_EXAMPLES:
            kept.append(finding)
    return Findings(
        **numbers, suppressed=suppressed, examples=worst_first(tuple(kept)), incomplete=incomplete
    )
