"""May it happen by itself? Three locks and the rails, each named (rows G4, P8; attack cases 84, 88, 89).

A lock is open only when the rules of the default branch say so. The alert's own annotation is a part of the first lock
and is checked where the alert is read: alone it opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.decide.rollback.facts import RollbackFacts
from bot.model.policy_after import Rollback
from bot.model.release import Promotion, PromotionKind
from bot.model.rollback import RollbackAsk, RollbackRecord
from bot.model.rollback import RollbackState as State

BREAKER = "breaker"
"""The lock that hands an environment over to people."""
SKEW = timedelta(seconds=60)
"""How far other servers' clocks may be ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What keeps an automatic rollback from happening: its name for the ledger, and a sentence."""

    name: str
    why: str


def by_rules(ask: RollbackAsk, rules: Rollback) -> Lock | None:
    """The first two locks as far as the rules hold them: switched on, and on the lists."""
    where = f"environments.{ask.environment}.rollback"
    if not rules.automatic:
        return Lock(name="opt_in", why=f"`{where}.automatic` is off.")
    if ask.trigger not in {each.value for each in rules.triggers}:
        return Lock(name="allowlist", why=f"`{where}.triggers` does not list {ask.trigger or 'its kind'}.")
    if ask.alert is not None and ask.alert not in rules.alerts:
        return Lock(name="allowlist", why=f"`{where}.alerts` does not list this alert.")
    return None


def locked(facts: RollbackFacts, bump: Promotion) -> Lock | None:
    """The lock or rail that holds an automatic rollback of `bump`; None for a person's, and when all are open."""
    ask, rules = facts.record.ask, facts.environment.rollback
    if not ask.automatic:
        return None
    return by_rules(ask, rules) or _age(facts, bump) or _cooldown(facts, bump) or _breaker(facts)


def _age(facts: RollbackFacts, bump: Promotion) -> Lock | None:
    """Failures that are too old, or that this deploy cannot have caused, are only told."""
    since, rules = facts.record.ask.since, facts.environment.rollback
    if since is None:
        return None
    if since > facts.now + SKEW:
        return Lock(name="time", why=f"It began in the future ({since:%Y-%m-%d %H:%M:%S} UTC).")
    if facts.now - since > rules.max_alert_age:
        minutes = rules.max_alert_age.total_seconds() / 60
        return Lock(name="age", why=f"It began more than {minutes:.0f} minutes ago.")
    if bump.closed_at is not None and since < bump.closed_at:
        return Lock(
            name="older_than_deploy",
            why=f"It began before #{bump.pull_number} was merged, which it cannot blame.",
        )
    return None


def _cooldown(facts: RollbackFacts, bump: Promotion) -> Lock | None:
    ask, rules = facts.record.ask, facts.environment.rollback
    components = set(ask.components or bump.components)
    for each in facts.rollbacks:
        if each.id == facts.record.id or each.opened_at is None:
            continue
        same_alert = ask.alert is not None and ask.alert == each.ask.alert
        overlapping = bool(components & set(each.after))
        if each.state is State.OPEN and overlapping:
            return Lock(name="open_already", why=f"#{each.pull_number} is open already.")
        if (
            (same_alert and _same_part(ask, each.ask)) or overlapping
        ) and facts.now - each.opened_at < rules.cooldown:
            left = rules.cooldown - (facts.now - each.opened_at)
            return Lock(
                name="cooldown",
                why=f"#{each.pull_number} was opened just now; {left.total_seconds():.0f} s are left.",
            )
    newest = next((each for each in facts.landed if components & set(each.components)), None)
    if newest is not None and newest.kind is PromotionKind.ROLLBACK:
        why = f"The last change of these components was the rollback #{newest.pull_number}; further is for people."
        return Lock(name="rollback_of_rollback", why=why)
    return None


def _same_part(ask: RollbackAsk, other: RollbackAsk) -> bool:
    """An alert rule fires once for each component: those are several alerts of one name."""
    return not ask.components or not other.components or bool(set(ask.components) & set(other.components))


def counted(facts: RollbackFacts) -> tuple[RollbackRecord, ...]:
    """The automatic rollbacks that the breaker counts now, newest first."""
    rules = facts.environment.rollback
    return tuple(
        each
        for each in facts.rollbacks
        if each.ask.automatic
        and each.opened_at is not None
        and facts.now - each.opened_at < rules.breaker_window
        and each.id != facts.record.id
    )


def _breaker(facts: RollbackFacts) -> Lock | None:
    rules, recent = facts.environment.rollback, counted(facts)
    if len(recent) < rules.breaker_max:
        return None
    hours = rules.breaker_window.total_seconds() / 3600
    return Lock(
        name=BREAKER,
        why=f"{len(recent)} automatic rollbacks within {hours:g} h are the limit; from here on people decide.",
    )
