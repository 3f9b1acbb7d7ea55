"""What the commands on an incident do: `/ack`, `/decide`, `/override validation`, `/false-positive` (rows C4, C5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.decide import commands as grammar
from bot.decide.text import code, defang
from bot.decide.validation import acting
from bot.decide.validation import incident as words
from bot.decide.validation.overriding import GATE, Refused, judge_override
from bot.model.door import Door
from bot.model.facts import Actor, Repository
from bot.model.rollback import RollbackAsk
from bot.model.validation import Decided, Incident
from bot.run.commands.permit import permitted_at
from bot.run.rollback.asking import ask
from bot.run.validation.incident import facts, tell_over
from bot.run.validation.place import Place, failure_details
from bot.run.validation.stands import stands_now
from bot.run.where import Place as Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A command with who said it where."""

    command: grammar.Command
    by: Actor
    issue: int
    comment_id: int
    node_id: str
    delivery_id: str
    on: Repository | None = None
    """The blocked repository on whose pull request it was said; None: on an issue of the config repository."""


def _done_before(place: Place, event: str, said: Said) -> bool:
    """Whether this very comment did it: a worker died between that and the answer."""
    rows = place.house.store.ledger.rows(event=event, subject=str(place.subject), limit=50)
    return any((row.entry.decision, row.entry.delivery_id) == ("done", said.delivery_id) for row in rows)


def _acknowledge(place: Place, incident: Incident, said: Said) -> str:
    if incident.acknowledged_by is not None and not _done_before(place, "incident_acknowledged", said):
        return f"{incident.acknowledged_by.login} has acknowledged it already."
    kept = _acknowledged(place, incident, said)
    with place.house.store.together():
        place.note(
            "incident_acknowledged", "done", f"after {_after(kept.acknowledged_at, kept)}",
            facts(kept), by=said.by, delivery_id=said.delivery_id, once=f"incident_acknowledged {incident.id}",
        )  # fmt: skip
        place.house.store.validations.keep(kept)
    return "Acknowledged. Next: look at the logs and artifacts, then `/decide`."


def _acknowledged(place: Place, incident: Incident, said: Said) -> Incident:
    """Who acts has seen it."""
    if incident.acknowledged_by is not None:
        return incident
    return replace(incident, acknowledged_at=place.house.clock(), acknowledged_by=said.by, reminders=0)


def _decide(place: Place, incident: Incident, said: Said) -> str:
    command = said.command
    if not isinstance(command, grammar.Decide):
        raise TypeError(f"{command.name} is no /decide")
    kept = replace(
        _acknowledged(place, incident, said),
        decided=Decided(command.what),
        decided_at=place.house.clock(),
        decided_by=said.by,
        decided_because=command.reason,
        reminders=0,
    )
    before = {"before": incident.decided.value} if incident.decided else {}
    with place.house.store.together():
        place.note(
            "incident_decided", "done", f"{command.what}: {command.reason}",
            {**facts(kept), **before, "because": command.reason}, by=said.by, delivery_id=said.delivery_id,
            once=f"incident_decided {incident.id} {said.comment_id} {command.what}",
        )  # fmt: skip
        place.house.store.validations.keep(kept)
    if kept.decided is Decided.ROLLBACK:
        return f"Decided: roll back. {_roll_back(place, incident, said, command.reason)}"
    if kept.decided is Decided.FIX_FORWARD:
        return "Decided: fix forward. The validation of the fix opens the gate when it passes."
    acknowledgement = defang(place.rules.acknowledgement, 100)
    return (
        "Decided: accept the risk. The gate stays closed until somebody who may says "
        f"`/override {GATE} reason: …` with the words “{acknowledgement}”."
    )


def _roll_back(place: Place, incident: Incident, said: Said, reason: str) -> str:
    """Asks for the rollback of the environment, where the person may ask for it and the rules have it."""
    name = place.rules.environment
    if place.policy.environment(name) is None:
        return f"The rules have no environment {code(name)}: roll back where it is deployed from, then validate again."
    where = Where(installation_id=place.subject.installation_id, repository=place.config)
    permit = permitted_at(
        place.house, where, place.policy, "rollback", name, said.by, Door.COMMENT, said.delivery_id
    )
    if not permit.allowed:
        return f"Its pull request is opened by `/rollback` of somebody who may: {permit.reason}"
    wish = RollbackAsk(
        installation_id=place.subject.installation_id,
        config_repository_id=place.config.id,
        environment=name,
        key=acting.key_of(incident, said.comment_id),
        trigger="person",
        reason=reason,
        by=said.by,
        since=incident.opened_at,
        delivery_id=said.delivery_id,
        asked_at=place.house.clock(),
    )
    ask(place.house, wish)
    return f"The pull request that takes {code(name)} back is opened now, where the rails let it."


def _false_positive(place: Place, incident: Incident, said: Said) -> str:
    command = said.command
    if not isinstance(command, grammar.FalsePositive):
        raise TypeError(f"{command.name} is no /false-positive")
    if incident.false_positive and not _done_before(place, "incident_false_positive", said):
        return "It is recorded as a false positive already."
    over = incident.closed_at is not None
    seen = incident if over else _acknowledged(place, incident, said)
    kept = replace(seen, false_positive=True, reminders=0)
    with place.house.store.together():
        place.note(
            "incident_false_positive", "done", command.reason,
            {**facts(kept), "because": command.reason}, by=said.by, delivery_id=said.delivery_id,
            once=f"incident_false_positive {incident.id}",
        )  # fmt: skip
        place.house.store.validations.keep(kept)
    if over:
        tell_over(place, kept)
        return "Recorded as a false positive."
    return "Recorded as a false positive. The gate opens when the validation passes, or by an override."


def _override(place: Place, incident: Incident, said: Said) -> str:
    command = said.command
    if not isinstance(command, grammar.Override):
        raise TypeError(f"{command.name} is no /override")
    standing, now = stands_now(place), place.house.clock()
    found = judge_override(
        command.gate,
        command.reason,
        standing,
        acknowledgement=place.rules.acknowledgement,
        by=said.by,
        now=now,
        lasts=place.policy.commands.override_expires,
        comment_id=said.comment_id,
        config_repository_id=place.config.id,
    )
    if isinstance(found, Refused):
        place.note(
            "validation_overridden",
            "refused",
            found.why,
            facts(incident),
            by=said.by,
            delivery_id=said.delivery_id,
            once=f"validation_overridden {said.comment_id} refused {said.command.line}",
        )
        return found.why
    until = found[0].expires_at
    for given, failed in zip(found, standing.failures, strict=True):
        details = {
            **facts(incident),
            **failure_details(failed),
            "because": given.reason,
            "expires_at": given.expires_at.isoformat(),
        }
        # Nothing is set aside that is not on record (attack case 97).
        why = f"{given.deployment} until {until:%Y-%m-%d %H:%M} UTC: {given.reason}"
        with place.house.store.together():
            place.note(
                "validation_overridden", "done", why, details, by=said.by, delivery_id=said.delivery_id,
                once=f"validation_overridden {said.comment_id} {given.deployment} {given.run_id} {given.attempt}",
            )  # fmt: skip
            place.house.store.validations.override(given)
    place.house.store.validations.keep(_acknowledged(place, incident, said))
    listed = ", ".join(code(each.deployment) for each in found)
    return f"Deployments may pass the failed validation of {listed} until {until:%Y-%m-%d %H:%M} UTC."


def _cancel(place: Place, incident: Incident, said: Said) -> str:
    command = said.command
    if not isinstance(command, grammar.CancelOverride) or command.gate not in (None, GATE):
        return f"An incident has one gate, `{GATE}`: `/override cancel {GATE}`."
    now, store = place.house.clock(), place.house.store.validations
    in_force = any(each.holds(now) for each in store.overrides(place.config.id))
    if not in_force and not _done_before(place, "validation_override_cancelled", said):
        return "No override of the validation is in force."
    with place.house.store.together():
        place.note(
            "validation_override_cancelled", "done", "taken back", facts(incident), by=said.by,
            delivery_id=said.delivery_id, once=f"validation_override_cancelled {place.config.id} {said.comment_id}",
        )  # fmt: skip
        store.cancel(place.config.id, now)
    return "Taken back: deployments are blocked again."


def _after(at: datetime | None, incident: Incident) -> str:
    return words.took((at or incident.opened_at) - incident.opened_at)


HANDLERS: Mapping[type[grammar.Command], Callable[[Place, Incident, Said], str]] = {
    grammar.Acknowledge: _acknowledge,
    grammar.Decide: _decide,
    grammar.FalsePositive: _false_positive,
    grammar.Override: _override,
    grammar.CancelOverride: _cancel,
}
