"""Keeping who is told what: whenever the rules are read from the default branch, and only when that has changed."""

from __future__ import annotations

from bot.decide.notify import plan_of, to_json
from bot.model.policy import Policy, Source
from bot.run.house import House


def keep_plan(house: House, repository_id: int, policy: Policy) -> None:
    """Puts the plan of these rules on record, for the transactions that write ledger rows."""
    plan = plan_of(policy, house.messenger.missing)
    names = tuple(sorted((each.repository.lower(), each.repository_id or 0) for each in policy.sources))
    value = (to_json(plan), names)
    if house.told_plans.get(repository_id) == value:
        return
    house.store.notices.plan(
        repository_id,
        keys=plan.keys,
        also=sorted({found for each in policy.sources if (found := _id(house, repository_id, each))}),
        plan=value[0],
        channels={
            name: (channel.kind, house.messenger.missing(name, channel))
            for name, channel in policy.notify.channels.items()
        },
    )
    house.told_plans[repository_id] = value


def _id(house: House, config_repository_id: int, source: Source) -> int | None:
    """The app repository's id: as the rules say it, or as its name was pinned when it was first seen (case 25)."""
    if source.repository_id is not None:
        return source.repository_id
    pinned = house.store.pins.of([config_repository_id]).get(config_repository_id, {})
    return pinned.get(source.repository.lower())
