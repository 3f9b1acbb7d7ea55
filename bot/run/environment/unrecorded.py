"""Promotions that have ended on GitHub and not yet on record: the environment waits for their own look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.decide import names
from bot.model.policy import Policy
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import Subject, pull
from bot.run.house import House, Looked, is_news

UNRECORDED = timedelta(seconds=10)
"""How long the look at a pull request that has ended has, before the environment is looked at without it."""


def ended_unrecorded(
    house: House, subject: Subject, policy: Policy, snapshot: EnvironmentSnapshot
) -> list[Promotion]:
    """Promotions that are open on record and not on GitHub: merged or closed, and their own look has not come to it."""
    branches = {names.branch_name(subject.name or "", source.name) for source in policy.sources}
    there = {each.number for each in snapshot.pulls.values()}
    return [
        each
        for each in house.store.promotions.open_of(snapshot.repository.id)
        if each.branch in branches
        and each.kind is PromotionKind.PROMOTION
        and each.environment == subject.name
        and each.pull_number not in there
    ]


def waits_for_the_record(house: House, subject: Subject, ended: Sequence[Promotion]) -> Looked | None:
    """What was closed by a person is not opened again, and what was merged is what a rollback undoes: both have to be
    known first. Once for each, since a pull request that was given another base is not in sight either."""
    numbers = ", ".join(f"#{each.pull_number}" for each in ended)
    if not is_news(house, subject, "unrecorded", numbers):
        return None
    for each in ended:
        wake(house.store, pull(subject.installation_id, subject.repository, each.pull_number))
    wake(house.store, subject, house.clock() + UNRECORDED)
    return Looked(outcome=f"waits for the record of how {numbers} ended")
