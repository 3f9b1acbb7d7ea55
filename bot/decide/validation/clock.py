"""The response clock: which stage is late, whom to call, and when to look again (row C6). The clock is a value.

0 to 15 minutes: somebody acknowledges. To 60: somebody decides. After that: what was decided is done. A late stage
calls one role after the other, a while apart, and then is silent; so is what is done, or passed by an override.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.policy_after import Validation
from bot.model.validation import Incident, Stage

FEWEST = 2
"""Reminders of a late stage where the rules name no roles to call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What is late, since when, and the role that is called; None where there is none left, or none was named."""

    stage: Stage
    due: datetime
    role: str | None
    number: int
    """1 for the first of the stage."""


def due_at(incident: Incident, rules: Validation) -> datetime | None:
    """When the present stage should be over; None when nobody is waited for."""
    if incident.closed_at is not None or incident.false_positive:
        return None
    if incident.stage is Stage.REVIEW:
        return incident.opened_at + rules.acknowledge_within
    if incident.stage is Stage.DECISION:
        return incident.opened_at + rules.decide_within
    return None if incident.decided_at is None else incident.decided_at + rules.decide_within


def next_reminder(incident: Incident, rules: Validation) -> tuple[datetime, Reminder] | None:
    """The next reminder and when it is given; None when all were given, or nobody is waited for."""
    due = due_at(incident, rules)
    most = max(len(rules.escalate), FEWEST)
    if due is None or incident.reminders >= most:
        return None
    last = incident.reminded_at
    at = due if last is None or incident.reminders == 0 else max(due, last + rules.remind_every)
    role = rules.escalate[incident.reminders] if incident.reminders < len(rules.escalate) else None
    return at, Reminder(stage=incident.stage, due=due, role=role, number=incident.reminders + 1)
