"""What became of an incident's decision: the rollback that it led to, in words for the issue (rows C5, C6)."""

from __future__ import annotations

from bot.decide.incidents import clock
from bot.decide.text import defang
from bot.model.rollback import RollbackRecord, RollbackState
from bot.model.validation import Incident

DONE = frozenset({RollbackState.MERGED, RollbackState.HEALTHY, RollbackState.UNWATCHED})
"""The states in which the third intervention point needs nobody: the environment is back, or on its way."""
NEWS = frozenset(RollbackState) - {RollbackState.ASKED, RollbackState.MERGED}
"""The states that people are told in a comment; the others stand in the timeline."""


def key_of(incident: Incident, comment_id: int) -> str:
    """By which the rollback is known that a comment on the incident asked for."""
    return f"{prefix_of(incident)}{comment_id}"


def prefix_of(incident: Incident) -> str:
    """How the keys of all its rollbacks begin."""
    return f"incident:{incident.id}:"


def done(record: RollbackRecord | None) -> bool:
    """Whether what was decided is done, so that nobody is reminded of it."""
    return record is not None and record.state in DONE


def said(record: RollbackRecord) -> str:
    """How far the rollback is, as a clause; Markdown, safe to show."""
    pull = f"the rollback #{record.pull_number}"
    return {
        RollbackState.ASKED: "the rollback is asked for",
        RollbackState.REFUSED: f"nothing was rolled back: {defang(record.answer, 300)}",
        RollbackState.LOCKED: f"nothing is rolled back now: {defang(record.answer, 300)}",
        RollbackState.OPEN: f"{pull} is open: {defang(record.answer, 300)}",
        RollbackState.CLOSED: f"{pull} was closed without a merge: nothing was rolled back",
        RollbackState.MERGED: f"{pull} was merged{_at(record)}",
        RollbackState.HEALTHY: f"{pull} was merged{_at(record)} and is healthy{_after(record)}",
        RollbackState.FAILED: f"{pull} was merged{_at(record)} and did not become healthy",
        RollbackState.UNWATCHED: f"{pull} was merged{_at(record)}; nothing there watches whether it is well",
    }[record.state]


def _at(record: RollbackRecord) -> str:
    return f" at {clock(record.merged_at)} UTC" if record.merged_at else ""


def _after(record: RollbackRecord) -> str:
    return f" after {record.took.total_seconds():.0f} s" if record.took is not None else ""
