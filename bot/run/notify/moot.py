"""What is not worth telling any more when its turn comes: a wait that has ended while the message waited (row P10)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model.release import PromotionState
from bot.model.tidings import Notice
from bot.run.house import House

EVENT = "approval_required"
WHY = "moot: the pull request waits for nobody any more"
"""The store does not count what is `moot:` among what was given up."""


def without_moot(house: House, repository_id: int, waiting: Sequence[Notice]) -> tuple[Notice, ...]:
    """`waiting` without requests for approval of pull requests that are merged or closed; those are given up."""
    asking = [each for each in waiting if each.tiding.event == EVENT]
    if not asking:
        return tuple(waiting)
    rows = house.store.ledger.rows(event=EVENT, repository_id=repository_id)
    pulls = {row.seq: row.entry.pull_number for row in rows}
    moot = {each.id for each in asking if _over(house, repository_id, pulls.get(each.seq))}
    if moot:
        house.store.notices.dropped(sorted(moot), WHY, house.clock())
    return tuple(each for each in waiting if each.id not in moot)


def _over(house: House, repository_id: int, number: int | None) -> bool:
    promotion = house.store.promotions.by_pull(repository_id, number) if number is not None else None
    return promotion is not None and promotion.state is not PromotionState.OPEN
