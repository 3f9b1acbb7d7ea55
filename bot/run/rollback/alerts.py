"""A look at the alerts that came in: each that may roll back becomes a wish, every other a row that names the lock.

Here only what the rules say is asked (the first two locks); time, cooldown, breaker and target are judged by the
environment's look, which nobody else runs at the same moment.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.decide.rollback.alerts import Alert, read_alerts
from bot.decide.rollback.rails import Lock, by_rules
from bot.decide.text import plain
from bot.model.delivery import StoredDelivery
from bot.model.facts import Repository
from bot.model.policy import Policy
from bot.model.policy_after import Alerts
from bot.model.rollback import RollbackAsk
from bot.model.subject import Subject
from bot.run import rules
from bot.run.house import House, Looked, is_news, note, whole
from bot.run.rollback.asking import ask


@dataclass(frozen=True, slots=True, kw_only=True)
class _Config:
    installation_id: int
    repository: Repository
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    alert: Alert
    delivery_id: str
    """The first that told of it."""


def look_alerts(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> Looked:
    """Takes every firing alert of the deliveries in, each once however often it was sent (attack case 85)."""
    firing: dict[str, _Heard] = {}
    for delivery in deliveries:
        group = read_alerts(json.loads(delivery.payload))
        if group.truncated:
            why = f"Alertmanager left out {group.truncated} alerts (`max_alerts`); what they say is not known"
            once = f"alerts_truncated {delivery.id}"
            note(house, subject, "alerts_truncated", "skipped", why, delivery_id=delivery.id, once=once)
        for each in group.alerts:
            if each.firing:
                firing.setdefault(each.key, _Heard(alert=each, delivery_id=delivery.id))
    if not firing:
        return Looked(outcome="nothing is firing")
    wanting = [each for each in firing.values() if each.alert.opted_in]
    for heard in firing.values():
        if not heard.alert.opted_in:
            why = "The alert's annotations say neither `lockstep: rollback` nor `autoheal: true`."
            _locked(house, subject, heard, Lock(name="opt_in", why=why))
    configs = _configs(house) if wanting else []
    asked = sum(_take_in(house, subject, configs, each) for each in wanting)
    return Looked(outcome=f"{len(firing)} alerts, {asked} ask for a rollback")


def _configs(house: House) -> list[_Config]:
    """Every config repository with its rules of now. Raises Retryable when GitHub does not answer."""
    found = []
    for installation_id in house.store.repositories.installations():
        repositories = house.store.repositories.config_of(installation_id)
        if not repositories:
            continue
        github = house.github(installation_id)
        for file in github.rules_files([each.id for each in repositories]):
            policy = rules.of(house, file).policy
            if policy is not None:
                found.append(
                    _Config(installation_id=installation_id, repository=file.repository, policy=policy)
                )
    return found


def _take_in(house: House, subject: Subject, configs: Sequence[_Config], heard: _Heard) -> int:
    """How many wishes the alert makes: one, or none."""
    wishes = [found for each in configs if (found := _wish(house, each, heard)) is not None]
    if not wishes:
        why = "Its labels name no environment and component of any rules file here."
        _locked(house, subject, heard, Lock(name="unknown_place", why=why))
        return 0
    if len(wishes) > 1 and not wishes[0][0].components:
        why = "Several config repositories have that environment; let the alert name the component."
        _locked(house, subject, heard, Lock(name="unknown_place", why=why))
        return 0
    asked = 0
    for wish, lock in wishes:
        if lock is not None:
            _locked(house, subject, heard, lock, wish)
            continue
        ask(house, wish)
        asked += 1
    return asked


def _wish(house: House, config: _Config, heard: _Heard) -> tuple[RollbackAsk, Lock | None] | None:
    """What it asks of one config repository; None when its labels mean none of its environments or components."""
    policy, alert = config.policy, heard.alert
    labels = policy.alerts or Alerts()
    environment = policy.environment(alert.labels.get(labels.environment_label, ""))
    component = alert.labels.get(labels.component_label)
    known = {name for source in policy.sources for name in source.components}
    if environment is None or (component is not None and component not in known):
        return None
    wish = RollbackAsk(
        installation_id=config.installation_id,
        config_repository_id=config.repository.id,
        environment=environment.name,
        key=alert.key,
        trigger=alert.trigger,
        components=(component,) if component is not None else (),
        reason=f"alert {alert.says}",
        findings=tuple(
            plain(f"{name}: {text}", 300) for name, text in sorted(alert.annotations.items()) if text
        )[:10],
        alert=alert.name,
        since=alert.started,
        delivery_id=heard.delivery_id,
        asked_at=house.clock(),
    )
    return wish, by_rules(wish, environment.rollback)


@whole
def _locked(
    house: House, subject: Subject, heard: _Heard, lock: Lock, wish: RollbackAsk | None = None
) -> None:
    """One row for an alert and a lock, however often Alertmanager repeats it; with its place, when that is known."""
    alert = heard.alert
    if is_news(house, subject, alert.key, lock.name):
        details = {"lock": lock.name, "alert": plain(alert.name, 200), "fingerprint": alert.fingerprint}
        place = {}
        if wish is not None:
            details |= {"environment": wish.environment, "components": ", ".join(wish.components)}
            place = {
                "installation_id": wish.installation_id,
                "repository_id": wish.config_repository_id,
            }
        delivery = heard.delivery_id
        note(
            house,
            subject,
            "rollback_locked",
            "refused",
            lock.why,
            delivery_id=delivery,
            details=details,
            **place,
        )
