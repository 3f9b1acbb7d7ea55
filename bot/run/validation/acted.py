"""The rollback that a decision on an incident led to: on record and told, state by state (rows C5, C6)."""

from __future__ import annotations

from bot.decide.validation import acting
from bot.decide.validation import incident as words
from bot.model.rollback import RollbackRecord
from bot.model.validation import Incident
from bot.run import issues
from bot.run.validation.place import Place


def rollback_of(place: Place, incident: Incident) -> RollbackRecord | None:
    """The newest that somebody asked for on this incident; None when nobody did."""
    store, prefix = place.house.store.rollbacks, acting.prefix_of(incident)
    return next(iter(store.keyed(place.config.id, place.rules.environment, prefix)), None)


def note_state(place: Place, incident: Incident, record: RollbackRecord) -> None:
    """A row of the timeline for each state that it reaches, once."""
    details = {"incident": incident.id, "rollback": record.id, "state": record.state.value}
    place.note(
        "incident_action", "done", acting.said(record), details,
        once=f"incident_action {record.id} {record.state.value}",
    )  # fmt: skip


def tell_state(place: Place, incident: Incident, record: RollbackRecord) -> None:
    """A comment for what people wait for: it is open, it is over, or there is none."""
    if record.state in acting.NEWS:
        line = acting.said(record)
        issues.tell(
            place.house, place.subject, place.config, words.key(incident),
            f"{line[0].upper()}{line[1:]}.", "the decision's rollback came further",
        )  # fmt: skip
