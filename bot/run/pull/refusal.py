"""What GitHub refused to merge, kept so that it is shown and not provoked by every sweep."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model.action import EnqueuePull, MergePull, Receipt
from bot.model.snapshot import PullSnapshot
from bot.run.house import House, refusal_key


def standing(house: House, snapshot: PullSnapshot) -> str | None:
    """Why GitHub refused to merge this head onto this base, if it did."""
    mark = house.store.marks.get(refusal_key(snapshot.repository.id, snapshot.pull.number))
    if snapshot.pull.queued is not None or not mark:
        return None
    if (mark["head"], mark["base"]) != (snapshot.pull.head_sha, snapshot.base_head_sha):
        return None
    return str(mark["why"])


def remember(house: House, snapshot: PullSnapshot, receipts: Sequence[Receipt]) -> bool:
    """Keeps GitHub's refusal, so that it is shown and not provoked by every sweep; whether it is a new one."""
    refusals = [
        each.result.get("refused") for each in receipts if isinstance(each.action, MergePull | EnqueuePull)
    ]
    if not refusals or refusals[-1] is None:
        return False
    why = str(refusals[-1])
    news = standing(house, snapshot) != why
    mark = {"head": snapshot.pull.head_sha, "base": snapshot.base_head_sha, "why": why}
    house.store.marks.put(refusal_key(snapshot.repository.id, snapshot.pull.number), mark)
    return news
