"""The incident's issue: what failed, the three intervention points, the clock, the timeline (rows C5, C6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.decide.incidents import clock, facts, table, timeline
from bot.decide.names import INCIDENT_LABEL, environment_label
from bot.decide.text import code, defang, truncate
from bot.decide.validation import acting
from bot.decide.validation.clock import Reminder
from bot.decide.validation.standing import Gate, Standing
from bot.decide.validation.wording import failure, steps_of, way_out
from bot.model.issue import Issue
from bot.model.ledger import LedgerEntry
from bot.model.policy_after import Validation
from bot.model.rollback import RollbackRecord
from bot.model.validation import Decided, Incident, Stage

TITLE_LIMIT = 200
_STORY = {
    "validation_failed": "validation failed",
    "validation_passed": "validation passed",
    "validation_overridden": "overridden",
    "validation_override_cancelled": "override taken back",
    "incident_opened": "incident opened",
    "incident_acknowledged": "acknowledged",
    "incident_decided": "decided",
    "incident_action": "action",
    "incident_escalated": "reminded",
    "incident_false_positive": "called a false positive",
    "incident_closed": "closed",
}
"""The ledger's events that the timeline tells, and their words there."""
EVENTS = frozenset(_STORY)
_ASKED = {
    Stage.REVIEW: "nobody has acknowledged it: `/ack`",
    Stage.DECISION: "nothing is decided: `/decide`, `rollback`, `fix-forward` or `accept`, with `reason: …`",
    Stage.ACTION: "what was decided is not done: no validation has passed since",
}


def key(incident: Incident) -> str:
    """By which the issue is known."""
    return key_of(incident.id)


def key_of(incident_id: object) -> str:
    """The same by the incident's number, as ledger rows have it."""
    return f"incident:validation:{incident_id}"


def issue(
    incident: Incident,
    standing: Standing,
    rules: Validation,
    story: Sequence[LedgerEntry],
    back: RollbackRecord | None = None,
) -> Issue:
    """The issue as it is wanted now. It changes when something happens, not with the time. `back`: the rollback that
    was decided on."""
    parts = [
        _state(incident, standing, rules),
        *(failure(each) for each in standing.failures),
        _steps(standing),
        _points(incident, standing, rules, back),
        timeline((each.at, _told(each)) for each in story if each.event in _STORY),
    ]
    return Issue(
        key=key(incident),
        title=truncate(
            f"Incident in {rules.environment}: validation of {incident.deployment} failed", TITLE_LIMIT, "…"
        ),
        facts=facts(*parts),
        checklist=(
            "What did users see, and since when?",
            "Was it the infrastructure, the application, or the test?",
            "What would have caught it before production?",
        ),
        labels=(INCIDENT_LABEL, environment_label(rules.environment)),
        closed=incident.closed_at is not None,
        stands=True,
    )


def _state(incident: Incident, standing: Standing, rules: Validation) -> str:
    blocked = ", ".join(code(each) for each in rules.blocks) or "no repository"
    if incident.closed_at is not None:
        return f"**Over** since {clock(incident.closed_at)} UTC: {summary(incident)}."
    if standing.gate is Gate.OVERRIDDEN:
        until = f" until {clock(standing.changes_at)} UTC" if standing.changes_at else ""
        return f"Deployments of {blocked} to {code(rules.deployment_environment)} may pass by an override{until}."
    return f"**Deployments of {blocked} to {code(rules.deployment_environment)} are blocked.** " + way_out(
        standing, rules, None
    )


def _steps(standing: Standing) -> str:
    if not standing.failures:
        return ""
    return "**Next steps**\n\n" + "\n".join(f"1. {each}" for each in steps_of(standing.failures))


def _points(incident: Incident, standing: Standing, rules: Validation, back: RollbackRecord | None) -> str:
    """The three manual intervention points, each with how it is done and where it stands."""
    opened = incident.opened_at
    acknowledged = (
        f"{code(incident.acknowledged_by.login)}, {clock(incident.acknowledged_at)} UTC"
        if (incident.acknowledged_by and incident.acknowledged_at)
        else f"until {clock(opened + rules.acknowledge_within)} UTC"
    )
    if incident.decided and incident.decided_by and incident.decided_at:
        decided = f"**{incident.decided.value}** by {code(incident.decided_by.login)}, {clock(incident.decided_at)} UTC"
    else:
        decided = f"until {clock(opened + rules.decide_within)} UTC"
    return table(
        ("intervention point", "how", "stands"),
        (
            ("1. Review", "logs and artifacts above; `/ack`", acknowledged),
            ("2. Decision", "`/decide rollback`, `fix-forward` or `accept`, with `reason: …`; "
             "`/false-positive reason: …`", decided),
            ("3. Action", "the rollback's pull request (`/rollback`), the fix and a validation that passes, "
             "or `/override validation reason: …`", _action(incident, standing, back)),
        ),
    )  # fmt: skip


def _action(incident: Incident, standing: Standing, back: RollbackRecord | None) -> str:
    """Where the third point stands: by the rollback, the fix or the override, whichever there is."""
    if incident.closed_at is not None:
        return f"**done**{f': {acting.said(back)}' if acting.done(back) and back else ''}"
    if standing.gate is Gate.OVERRIDDEN and standing.overrides:
        given = standing.overrides[0]
        return f"**done**: overridden by {code(given.by.login)} until {clock(given.expires_at)} UTC"
    if back is not None and incident.decided is Decided.ROLLBACK:
        return f"**done**: {acting.said(back)}" if acting.done(back) else f"open: {acting.said(back)}"
    awaited = {
        Decided.FIX_FORWARD: "open: waits for the fix, and a validation that passes",
        Decided.ACCEPT: "open: waits for the override",
    }
    return awaited.get(incident.decided, "open") if incident.decided else "open"


def _told(entry: LedgerEntry) -> str:
    who = f" by {code(entry.actor_login)}" if entry.actor_login else ""
    return (
        f"{_STORY[entry.event]}{who}: {defang(entry.reason, 300)}"
        if entry.reason
        else _STORY[entry.event] + who
    )


def summary(incident: Incident) -> str:
    """Its times, as far as they are known."""
    parts = []
    if incident.acknowledged_at is not None:
        parts.append(f"acknowledged after {took(incident.acknowledged_at - incident.opened_at)}")
    if incident.decided_at is not None and incident.decided is not None:
        parts.append(
            f"{incident.decided.value} decided after {took(incident.decided_at - incident.opened_at)}"
        )
    if incident.closed_at is not None:
        parts.append(f"over after {took(incident.closed_at - incident.opened_at)}")
    parts.append(f"{incident.alerts} failed validation{'' if incident.alerts == 1 else 's'}")
    if incident.false_positive:
        parts.append("a false positive")
    return ", ".join(parts)


def reminder(given: Reminder, mention: str, now: datetime) -> str:
    """The comment for a stage that is late. `mention` is of the rules' own names."""
    called = f"{mention}: " if mention else ""
    return f"{called}since {clock(given.due)} UTC, {took(now - given.due)} by now, {_ASKED[given.stage]}."


def took(span: timedelta) -> str:
    """`3 min`, `1 h 05 min`."""
    minutes = int(span.total_seconds()) // 60
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
