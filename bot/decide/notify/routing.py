"""To whom a tiding goes: every rule that fits sends, a channel at most once."""

from __future__ import annotations

from bot.decide.notify.plan import Plan
from bot.model.policy_after import NotifyRule
from bot.model.tidings import Severity, Tiding


def route(plan: Plan, tiding: Tiding) -> tuple[str, ...]:
    """The names of the channels that it goes to, in the order of the rules; only those that can be used."""
    found = (name for rule in plan.notify.rules if fits(rule, tiding) for name in rule.channels)
    return tuple(name for name in dict.fromkeys(found) if name in plan.ready)


def fits(rule: NotifyRule, tiding: Tiding) -> bool:
    """Whether the rule means this tiding. A rule with environments means none that belongs to no environment."""
    return (
        tiding.event in rule.events
        and (not rule.environments or tiding.environment in rule.environments)
        and tiding.severity.rank >= Severity(rule.severity).rank
    )
