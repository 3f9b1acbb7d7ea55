"""The incident as people read it: what happened when, on what evidence, and what is left to do (row R6)."""

from __future__ import annotations

from datetime import datetime

from bot.decide.text import code, defang, truncate
from bot.model.image import short_digest
from bot.model.rollback import GOAL, RollbackRecord

TITLE_LIMIT = 200


def marker(record: RollbackRecord) -> str:
    """The hidden line by which the issue is known."""
    return f"<!-- lockstep:incident:{record.id} -->"


def title(record: RollbackRecord) -> str:
    """`Incident in staging: api was rolled back to 1.7.2`."""
    what = ", ".join(f"{name} to {tag.tag}" for name, tag in sorted(record.after.items()))
    return truncate(f"Incident in {record.ask.environment}: rolled back {what}", TITLE_LIMIT, "…")


def body(record: RollbackRecord) -> str:
    """Timeline, evidence, checklist. Written once: what people tick and add stays; later steps are comments."""
    ask = record.ask
    who = f"asked for by {code(ask.by.login)}" if ask.by else f"automatic: {ask.trigger.replace('_', ' ')}"
    rows = [
        ("the failure began", ask.since),
        (f"rollback {who}", ask.asked_at),
        (f"#{record.pull_number} opened, undoing #{record.undoes}", record.opened_at),
        (f"#{record.pull_number} merged; the clock runs", record.merged_at),
    ]
    timeline = [f"| {_at(at)} | {what} |" for what, at in rows if at is not None]
    moves = [
        f"| {name} | {_shown(record.before[name].tag, record.before[name].digest)} "
        f"| {_shown(tag.tag, tag.digest)} |"
        for name, tag in sorted(record.after.items())
        if name in record.before
    ]
    evidence = [f"- {defang(each, 300)}" for each in record.ask.findings] or ["- none was measured"]
    checklist = (
        "Symptoms: what did users see, and since when?",
        "Decision: who decided to roll back, and on what?",
        "Is the environment healthy on what it went back to?",
        "Cause: what was wrong with the release?",
        f"Follow-up: a fix, or `/veto lift` with the reason; then `/unhold {ask.environment}`",
        "Follow-up: the test, gate or alert that would have caught it before",
    )
    return "\n\n".join(
        [
            f"**{ask.environment}** was rolled back by #{record.pull_number}: {defang(ask.reason, 500)}",
            "\n".join(["| UTC | what happened |", "|---|---|", *timeline]),
            "\n".join(["| component | ran | went back to |", "|---|---|---|", *moves]),
            "**Evidence**\n\n" + "\n".join(evidence),
            "**To do**\n\n" + "\n".join(f"- [ ] {each}" for each in checklist),
        ]
    )


def ended(record: RollbackRecord, at: datetime, seconds: float | None, trouble: str) -> str:
    """How it ended, for the issue and the pull request."""
    if trouble:
        return f"{_at(at)}: **not healthy** after the rollback: {defang(trouble, 500)}. People decide from here on."
    took = "" if seconds is None else f", {seconds:.0f} s after the merge"
    kept = "" if seconds is None else (" (within" if seconds <= GOAL.total_seconds() else " (over")
    goal = "" if seconds is None else f" the goal of {GOAL.total_seconds() / 60:.0f} minutes)"
    return f"{_at(at)}: **healthy**{took}{kept}{goal}."


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _shown(tag: str, digest: str) -> str:
    return f"{code(tag, in_table=True)} {code(short_digest(digest), in_table=True)}"
