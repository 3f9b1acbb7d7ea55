"""A pull request in a merge queue: its group's check runs, and the memory of having put it there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.decide.merge_group import Judged, decide_group, files_for
from bot.decide.pull import PullDecision, PullFacts
from bot.errors import Stale
from bot.model.action import Action, DequeuePull, EnqueuePull, Receipt
from bot.model.ports import GitHub
from bot.model.snapshot import PullSnapshot
from bot.run.house import House, queue_key

Judge = Callable[[int], tuple[PullFacts, PullDecision] | None]
"""Reads another pull request of the repository by its number, and decides about it."""


def checks(
    house: House, github: GitHub, facts: PullFacts, decision: PullDecision, judge: Judge
) -> tuple[Action, ...]:
    """What the head commit of this pull request's merge group lacks; nothing when it has no group.

    Only what GitHub answers is believed: a `merge_group` event leads here, and the group is the one that the queue has
    now. Raises Stale when the queue was built anew while it was read.
    """
    pull, repository = facts.snapshot.pull, facts.snapshot.repository
    if pull.queued is None or pull.queued.head_sha is None:
        return ()
    files = files_for(facts.policy, house.store.promotions.open_of(repository.id))
    group = github.merge_group(repository.id, pull.base_ref, pull.queued.head_sha, files=sorted(files))
    if group is None or not group.members or group.members[-1].number != pull.number:
        raise Stale(f"the merge queue of {pull.base_ref} changed while #{pull.number} was read")
    judged: list[Judged] = []
    for member in group.members:
        found = (facts, decision) if member.number == pull.number else judge(member.number)
        judged.append(
            Judged(member=member, facts=found[0] if found else None, decision=found[1] if found else None)
        )
    return decide_group(pull.base_ref, group, judged)


def thrown_out(house: House, snapshot: PullSnapshot) -> bool:
    """Whether it was in the queue, green, with this very head on this very base, and is not any more."""
    return snapshot.pull.queued is None and house.store.marks.get(_key(snapshot)) == _place(snapshot)


def remember(house: House, facts: PullFacts, decision: PullDecision, receipts: Sequence[Receipt]) -> None:
    """Keeps that it is in the queue and green, so that what GitHub throws out is not put back by the next look.

    What Lockstep took out itself, or what is not green, comes back as soon as it is green.
    """
    if facts.promotion is None:
        return
    snapshot = facts.snapshot
    entered = any(isinstance(each.action, EnqueuePull) and "refused" not in each.result for each in receipts)
    left = any(isinstance(each.action, DequeuePull) for each in receipts)
    before = house.store.marks.get(_key(snapshot))
    now = before
    if left or not decision.green:
        now = None
    elif entered or snapshot.pull.queued is not None:
        now = _place(snapshot)
    if now != before:
        house.store.marks.put(_key(snapshot), now)


def _key(snapshot: PullSnapshot) -> str:
    return queue_key(snapshot.repository.id, snapshot.pull.number)


def _place(snapshot: PullSnapshot) -> dict[str, str]:
    return {"head": snapshot.pull.head_sha, "base": snapshot.base_head_sha}
