"""What the store keeps of the rules: who is told what, so that a ledger row can plan its telling by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.decide.notify.told import TOLD
from bot.model.policy import Policy
from bot.model.policy_after import Channel, Notify, NotifyRule
from bot.model.tidings import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who is told what of one config repository."""

    notify: Notify
    production: tuple[str, ...]
    """Environments whose failures are critical."""
    ready: frozenset[str] = field(default_factory=frozenset)
    """Channels that have their settings."""

    @property
    def keys(self) -> tuple[str, ...]:
        """`event.decision` of every ledger row that may be told to a channel that can be used."""
        events = {
            event for rule in self.notify.rules if self.ready & set(rule.channels) for event in rule.events
        }
        return tuple(sorted(f"{key[0]}.{key[1]}" for key, saying in TOLD.items() if saying.event in events))


def plan_of(policy: Policy, missing: Callable[[str, Channel], str]) -> Plan:
    """The plan of the rules. `missing`: the setting that a channel lacks, empty for none.

    Without `critical` in the rules the last environments, those that no other takes releases from, count as production,
    and the one that the production validation is about.
    """
    notify = policy.notify
    last = tuple(each.name for each in policy.environments if not policy.after(each.name))
    validated = (policy.validation.environment,) if policy.validation else ()
    return Plan(
        notify=notify,
        production=notify.critical
        if notify.critical is not None
        else tuple(dict.fromkeys((*last, *validated))),
        ready=frozenset(name for name, channel in notify.channels.items() if not missing(name, channel)),
    )


def to_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON; `from_json` is the inverse."""
    return {
        "channels": {
            name: {"kind": each.kind, "to": list(each.to), "url": each.url, "mention": each.mention}
            for name, each in sorted(plan.notify.channels.items())
        },
        "rules": [
            {
                "events": list(each.events),
                "channels": list(each.channels),
                "environments": list(each.environments),
                "severity": each.severity,
            }
            for each in plan.notify.rules
        ],
        "production": list(plan.production),
        "ready": sorted(plan.ready),
    }


def from_json(value: Mapping[str, Any]) -> Plan:
    """The inverse of `to_json`."""
    return Plan(
        notify=Notify(
            channels={
                name: Channel(
                    kind=each["kind"], to=tuple(each["to"]), url=each["url"], mention=each["mention"]
                )
                for name, each in value["channels"].items()
            },
            rules=tuple(
                NotifyRule(
                    events=tuple(each["events"]),
                    channels=tuple(each["channels"]),
                    environments=tuple(each["environments"]),
                    severity=Severity(each["severity"]).value,
                )
                for each in value["rules"]
            ),
        ),
        production=tuple(value["production"]),
        ready=frozenset(value["ready"]),
    )
