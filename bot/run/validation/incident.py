"""The incident of failed validations: opened once, kept current, reminded of, closed when a validation has passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.decide.validation import acting
from bot.decide.validation import incident as words
from bot.decide.validation.clock import Reminder, next_reminder
from bot.decide.validation.standing import Gate, Standing
from bot.decide.validation.wording import steps_of
from bot.model.ledger import LedgerEntry
from bot.model.rollback import RollbackRecord
from bot.model.validation import Incident
from bot.run import issues
from bot.run.validation.acted import note_state, rollback_of, tell_state
from bot.run.validation.place import Place, failure_details

STORY = 60
"""Rows of the timeline; of a longer one the newest are shown."""


def keep(place: Place, standing: Standing) -> tuple[str | None, datetime | None]:
    """The incident's address, None when there is none; and when it must be looked at again by the clock."""
    store = place.house.store.validations
    incident = store.incident(place.config.id)
    if incident is None:
        _finish_last(place)
    if incident is None and not standing.failures:
        return None, None
    if incident is None:
        first = min(standing.failures, key=lambda each: each.at)
        incident = store.open(place.config.id, first.at, first.deployment, first.run_id)
    incident = _counted(place, incident, standing)
    if not standing.failures:
        incident = _close(place, incident, standing)
    back = rollback_of(place, incident)
    if back is not None:
        note_state(place, incident, back)
    again = None
    if incident.closed_at is None and standing.gate is Gate.BLOCKED and not acting.done(back):
        incident, again = _reminded(place, incident)
    number = _written(place, incident, standing, back)
    if back is not None:
        tell_state(place, incident, back)
    url = f"{place.config.url}/issues/{number}" if number is not None and place.config.url else None
    return (url if incident.closed_at is None else None), again


def _finish_last(place: Place) -> None:
    """Closes the last incident's issue, where a worker died, or GitHub refused, after it was over on record."""
    last = next(iter(place.house.store.validations.incidents(place.config.id)), None)
    if last is not None and issues.is_open(place.house, place.config.id, words.key(last)):
        tell_over(place, last)


def tell_over(place: Place, incident: Incident) -> None:
    """Renews the issue of an incident that is over."""
    _written(place, incident, Standing(gate=Gate.OPEN), rollback_of(place, incident))


def _counted(place: Place, incident: Incident, standing: Standing) -> Incident:
    """How many failed validations it has gathered; the first of them opens it in the ledger."""
    known = place.house.store.validations.of(place.config.id)
    alerts = sum(incident.gathered(each) for each in known)
    if incident.alerts == alerts:
        return incident
    if incident.alerts == 0:
        first = max(standing.failures, key=lambda each: each.at, default=None)
        details = failure_details(first) if first is not None else {}
        steps = list(steps_of(standing.failures))
        why = f"production validation of {incident.deployment} failed"
        known_by = f"incident_opened {incident.id}"
        place.note(
            "incident_opened", "done", why, {**details, **facts(incident), "next_steps": steps}, once=known_by
        )
    kept = replace(incident, alerts=alerts)
    place.house.store.validations.keep(kept)
    return kept


def _close(place: Place, incident: Incident, standing: Standing) -> Incident:
    closed = replace(incident, closed_at=place.house.clock())
    passed = standing.passed
    by = f"; {passed.deployment} passed" if passed is not None else ""
    more = {"run_url": passed.run_url} if passed is not None else {}
    why = f"{words.summary(closed)}{by}"
    with place.house.store.together():
        place.note(
            "incident_closed", "done", why, {**facts(closed), **more}, once=f"incident_closed {incident.id}"
        )
        place.house.store.validations.keep(closed)
    return closed


def _reminded(place: Place, incident: Incident) -> tuple[Incident, datetime | None]:
    """Calls the next role when a stage is late; and when the next one would be."""
    now = place.house.clock()
    due = next_reminder(incident, place.rules)
    if due is not None and due[0] <= now:
        _escalate(place, incident, due[1], now)
        incident = replace(incident, reminders=incident.reminders + 1, reminded_at=now)
        place.house.store.validations.keep(incident)
        due = next_reminder(incident, place.rules)
    return incident, due[0] if due is not None else None


def _escalate(place: Place, incident: Incident, given: Reminder, now: datetime) -> None:
    role = place.policy.roles.get(given.role) if given.role else None
    names = [*(role.teams if role else ()), *(role.users if role else ())]
    line = words.reminder(given, " ".join(f"@{each}" for each in names), now)
    details = {
        **facts(incident),
        "stage": given.stage.value,
        "role": given.role or "",
        "number": given.number,
        "late_seconds": int((now - given.due).total_seconds()),
    }
    called = f", {given.role} called" if given.role else ""
    known_by = f"incident_escalated {incident.id} {given.stage.value} {given.due.isoformat()} {given.number}"
    place.note("incident_escalated", "done", f"{given.stage.value} is late{called}", details, once=known_by)
    issues.tell(place.house, place.subject, place.config, words.key(incident), line, "a stage is late")


def _written(place: Place, incident: Incident, standing: Standing, back: RollbackRecord | None) -> int | None:
    wanted = words.issue(incident, standing, place.rules, story(place, incident), back)
    return issues.keep(place.house, place.subject, place.config, wanted)


def story(place: Place, incident: Incident) -> tuple[LedgerEntry, ...]:
    """The ledger's rows of it, oldest first: the timeline is written from nothing else."""
    rows = place.house.store.ledger.rows(subject=str(place.subject), limit=1000)
    until = incident.closed_at
    mine = [
        row.entry
        for row in rows
        if row.entry.event in words.EVENTS
        and row.entry.decision == "done"
        and row.entry.at >= incident.opened_at
        and (until is None or row.entry.at <= until or _said_later(row.entry, incident))
    ]
    return tuple(mine[-STORY:])


def _said_later(entry: LedgerEntry, incident: Incident) -> bool:
    """That it was a false positive is often known when it is over."""
    return (entry.event, entry.details.get("incident")) == ("incident_false_positive", incident.id)


def facts(incident: Incident) -> dict[str, object]:
    """Its number and its times so far in seconds since it was opened, for metrics and reports."""
    times = {
        "acknowledged_after": incident.acknowledged_at,
        "decided_after": incident.decided_at,
        "closed_after": incident.closed_at,
    }
    seconds = {
        name: int((at - incident.opened_at).total_seconds()) for name, at in times.items() if at is not None
    }
    decided = {"decided": incident.decided.value} if incident.decided else {}
    return {
        "incident": incident.id,
        "deployment": incident.deployment,
        "alerts": incident.alerts,
        "false_positive": incident.false_positive,
        **decided,
        **seconds,
    }
