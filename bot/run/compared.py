"""How two commits of an app repository relate: one request a pair, for what Git's history says never changes."""

from __future__ import annotations

from datetime import datetime

from bot.model.facts import Unknown
from bot.model.measurements import Compared, Relation
from bot.model.ports import GitHub
from bot.run.house import House

MOST_KEPT = 1000
"""Pairs of commits that are kept in memory."""


def compared(
    house: House, github: GitHub, repository_id: int, name: str, base: str, head: str, now: datetime
) -> Compared | Unknown:
    """How `head` relates to `base`, both full ids, in the repository that is called `name` now."""
    if base == head:
        url = f"{house.web_url}/{name}/commit/{head}"
        return Compared(base=base, head=head, relation=Relation.SAME, url=url, at=now)
    key = (repository_id, base, head)
    kept = house.compared
    if key not in kept:
        found = github.compare(name, base, head)
        if isinstance(found, Unknown):
            return found
        while len(kept) >= MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[key] = found
    return kept[key]
