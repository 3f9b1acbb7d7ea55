"""The incident as people read it: what happened when, on what evidence, and what is left to do (row R6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.decide import incidents, names
from bot.decide.text import code, defang, truncate, visible
from bot.model.deployment import Deployment, DeploymentState
from bot.model.image import short_digest
from bot.model.issue import Issue
from bot.model.rollback import GOAL, RollbackRecord

TITLE_LIMIT = 200
SAID = 300
"""Characters of a step's reason that are shown."""
_TOLD = (DeploymentState.LIVE, DeploymentState.FAILED, DeploymentState.SYNCING, DeploymentState.VERIFYING)


def key(record: RollbackRecord) -> str:
    """The issue's key."""
    return f"incident:{record.id}"


def issue(record: RollbackRecord, undone: Deployment | None, back: Deployment | None) -> Issue:
    """The incident's issue; `undone` and `back` are the deployments of what was rolled back and of the rollback."""
    ask = record.ask
    what = ", ".join(f"{name} to {tag.tag}" for name, tag in sorted(record.after.items()))
    return Issue(
        key=key(record),
        title=truncate(f"Incident in {ask.environment}: rolled back {what}", TITLE_LIMIT, "…"),
        facts=incidents.facts(
            f"**{ask.environment}** was rolled back by #{record.pull_number}: {defang(ask.reason, 500)}",
            _clock(record),
            incidents.timeline(_rows(record, undone, back)),
            incidents.table(("component", "ran", "went back to"), _moves(record)),
            incidents.evidence((*ask.findings, *(undone.findings if undone else ()))),
        ),
        checklist=_to_do(ask.environment),
        labels=(names.INCIDENT_LABEL, names.environment_label(ask.environment)),
    )


def _to_do(environment: str) -> tuple[str, ...]:
    return (
        "Symptoms: what did users see, and since when?",
        "Decision: who decided to roll back, and on what?",
        "Is the environment healthy on what it went back to?",
        "Cause: what was wrong with the release?",
        f"Follow-up: a fix, or `/veto lift` with the reason; then `/unhold {environment}`",
        "Follow-up: the test, gate or alert that would have caught it before",
    )


def _rows(
    record: RollbackRecord, undone: Deployment | None, back: Deployment | None
) -> Iterator[tuple[datetime | None, str]]:
    ask = record.ask
    who = f"asked for by {code(ask.by.login)}" if ask.by else f"automatic: {ask.trigger.replace('_', ' ')}"
    if undone is not None:
        yield undone.merged_at, f"#{record.undoes} merged"
        yield from _steps(undone)
    yield ask.since, "the failure began"
    yield ask.asked_at, f"rollback {who}"
    yield record.opened_at, f"#{record.pull_number} opened, undoing #{record.undoes}"
    yield record.merged_at, f"#{record.pull_number} merged; the clock runs"
    if back is not None:
        yield from _steps(back)


def _steps(deployment: Deployment) -> Iterator[tuple[datetime, str]]:
    for step in deployment.transitions:
        if step.state in _TOLD:
            why = truncate(visible(step.why), SAID, "…")
            yield step.at, f"#{deployment.pull_number} **{step.state.value}**" + (f": {why}" if why else "")


def _moves(record: RollbackRecord) -> Iterator[tuple[str, str, str]]:
    for name, tag in sorted(record.after.items()):
        if name in record.before:
            before = record.before[name]
            yield name, _shown(before.tag, before.digest), _shown(tag.tag, tag.digest)


def _clock(record: RollbackRecord) -> str:
    took = record.took
    if took is None:
        return ""
    seconds = took.total_seconds()
    return f"**From merge to healthy: {seconds:.0f} s** ({_goal(seconds)})"


def _goal(seconds: float) -> str:
    side = "within" if seconds <= GOAL.total_seconds() else "over"
    return f"{side} the goal of {GOAL.total_seconds() / 60:.0f} minutes"


def unwatched(at: datetime, environment: str) -> str:
    """What ends the clock where nothing is watched: nothing was measured, and it says so."""
    return (
        f"{incidents.clock(at)} UTC: **merged**; nothing is watched in {code(environment)}: the rules name neither "
        "`argocd` nor `verify` there for what went back, so whether it is well again, and since when, Lockstep cannot "
        "tell."
    )


def ended(at: datetime, seconds: float | None, trouble: str) -> str:
    """How it ended, for the issue and the pull request."""
    if trouble:
        why = defang(trouble, 500)
        return f"{incidents.clock(at)} UTC: **not healthy** after the rollback: {why}. People decide from here on."
    took = "" if seconds is None else f", {seconds:.0f} s after the merge ({_goal(seconds)})"
    return f"{incidents.clock(at)} UTC: **healthy**{took}."


def _shown(tag: str, digest: str) -> str:
    return f"{code(tag, in_table=True)} {code(short_digest(digest), in_table=True)}"
