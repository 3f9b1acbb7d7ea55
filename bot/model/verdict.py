"""Verdicts: a gate's answer with its reasons, and how a sum of them shows as a check run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Outcome(Enum):
    """The five answers. Unknown is an answer, and it never merges."""

    PASS = "pass"  # noqa: S105 (an outcome, no password)
    WAIT = "wait"
    BLOCK = "block"
    SKIP = "skip"
    UNKNOWN = "unknown"


class Waiting(Enum):
    """Whom a waiting verdict waits for; it decides between `in_progress` and `action_required`."""

    MACHINE = "machine"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a verdict rests on: measured value, threshold, where it was read and when."""

    measured: str
    needed: str
    source: str
    url: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A remark on a line of a file, shown by GitHub in the diff. `line` counts from 1."""

    path: str
    line: int
    message: str
    title: str = ""
    level: str = "failure"
    """`notice`, `warning` or `failure`, GitHub's words."""
    column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A gate's answer. `headline` is a sentence that a tired person can act on."""

    gate: str
    outcome: Outcome
    headline: str
    reasons: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    waiting: Waiting = Waiting.MACHINE
    set_aside: bool = False
    """It passes only because somebody has set it aside; its evidence says otherwise."""


_WORST = (Outcome.UNKNOWN, Outcome.BLOCK, Outcome.WAIT, Outcome.PASS, Outcome.SKIP)


def worst(verdicts: Iterable[Verdict]) -> Outcome:
    """The outcome of all together: unknown, block and wait hold; all skipped, or none at all, is a wait."""
    outcomes = {verdict.outcome for verdict in verdicts}
    for outcome in _WORST:
        if outcome in outcomes:
            return Outcome.WAIT if outcome is Outcome.SKIP else outcome
    return Outcome.WAIT
