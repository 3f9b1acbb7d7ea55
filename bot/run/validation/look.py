"""A look at a config repository's production validation: runs, commands, the incident, deployments, in this order."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model.delivery import StoredDelivery
from bot.model.ports_store import wake
from bot.model.subject import Subject
from bot.run import rules
from bot.run.house import House, Looked
from bot.run.validation import gate, obeying, received, runs
from bot.run.validation.concerned import remember
from bot.run.validation.incident import keep as keep_incident
from bot.run.validation.place import Place
from bot.run.validation.stands import stands_now


def look_validation(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> Looked:
    """Judges what ended, obeys what was said, and lets deployments pass or not."""
    config = house.store.repositories.within(subject.installation_id, subject.repository)
    if config is None:
        return Looked(outcome="skipped: not a config repository")
    github = house.github(subject.installation_id)
    file = next(iter(github.rules_files([config.id])), None)
    policy = rules.of(house, file).policy if file is not None else None
    if file is None or policy is None:
        # What was blocked stays so: nobody is answered while the rules cannot be read.
        return Looked(outcome="waits: the rules of the default branch are invalid")
    if policy.validation is None:
        remember(house, subject, None)
        return Looked(outcome="skipped: the rules name no validation")
    place = Place(
        house=house,
        subject=subject,
        github=house.github(subject.installation_id),  # its token reaches what the rules name now
        config=file.repository,
        policy=policy,
        rules=policy.validation,
    )
    received.take_in(place, deliveries)
    runs.judge_new(place)
    obeying.obey(place, deliveries)
    stands = stands_now(place)
    remember(house, subject, place.rules, stands.gate.value)
    incident_url, again = keep_incident(place, stands)
    told = gate.answer(place, stands, incident_url)
    ahead = [each for each in (stands.changes_at, again) if each is not None]
    if ahead:
        wake(house.store, subject, min(ahead))
    return Looked(outcome=f"{stands.gate.value}; told {told}")
