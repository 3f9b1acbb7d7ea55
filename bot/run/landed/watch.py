"""The look at what came since the last one: settle, tell what came past pull requests, note what changed the rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.decide import landing
from bot.model.delivery import StoredDelivery
from bot.model.facts import Repository, Unknown
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.subject import Subject
from bot.run.house import House, note
from bot.run.landed.direct import tell_pushed, tell_rewritten, touching_managed
from bot.run.landed.rules import note_rules
from bot.run.landed.seen import Seen, kept_as, pushes_of, seen_of
from bot.run.landed.watched import Watched

SETTLING = timedelta(seconds=10)
"""GitHub connects a merge's commit with its pull request a moment after the push; only then is it a direct push."""
PUSHES = 30
"""Pushes kept until what they brought is settled."""
NOWHERE = "0" * 40


def _key(repository: Repository) -> str:
    return f"landed:{repository.id}:{repository.default_branch}"


def settles_at(house: House, repository: Repository) -> datetime | None:
    """When to look again at what has come and is not settled yet; None: nothing waits.

    A repository has one job at a time, and an event that comes meanwhile takes the place of the planned look.
    """
    seen = seen_of(house.store.marks.get(_key(repository)))
    return seen.since + SETTLING if seen is not None and seen.since is not None else None


def watch(
    house: House,
    subject: Subject,
    github: GitHub,
    repository: Repository,
    head_sha: str,
    policy: Policy | None,
    deliveries: Sequence[StoredDelivery],
) -> None:
    """Looks at what came since the last time; `policy` None: the rules are invalid now."""
    key = _key(repository)
    pushes = tuple(pushes_of(deliveries, repository))
    mark = house.store.marks.get(key)
    seen = seen_of(mark)
    if seen is None:
        start = next((each.before for each in pushes if each.before != NOWHERE), head_sha)
        seen = Seen(head=start)
    watched = Watched(house=house, subject=subject, github=github, repository=repository, policy=policy)
    if seen.head == head_sha:
        if mark is None:
            house.store.marks.put(key, kept_as(seen))
        return
    kept = (*seen.pushes, *pushes)[-PUSHES:]
    found = github.arrivals(repository.id, seen.head, head_sha, watched.guarded)
    taken = () if isinstance(found, Unknown) else landing.steps(found, seen.head, head_sha, repository)
    rewritten = isinstance(found, Unknown) or not found.reached
    past = tuple(step for step in taken if step.through is None)
    if (past or rewritten) and (seen.since is None or house.clock() < seen.since + SETTLING):
        since = seen.since or house.clock()
        house.store.marks.put(key, kept_as(Seen(head=seen.head, pushes=kept, since=since)))
        wake(house.store, subject, since + SETTLING)
        return
    if not isinstance(found, Unknown) and not found.complete:
        why = (
            f"{seen.head[:7]}...{head_sha[:7]} brought more commits than are read; how they came is not known"
        )
        once = f"landing_unknown {repository.id} {seen.head} {head_sha}"
        note(house, subject, "landing_unknown", "skipped", why, head_sha=head_sha, once=once)
    touching = {} if rewritten else touching_managed(watched, past)
    if rewritten:
        tell_rewritten(watched, seen.head, head_sha, kept)
        note_rules(watched, seen.head, head_sha, None, kept)
    elif touching:
        tell_pushed(watched, touching, kept)
    for step in reversed(() if rewritten else taken):
        if step.touches:
            note_rules(
                watched,
                step.commit.parents[0] if step.commit.parents else seen.head,
                step.commit.sha,
                step,
                kept,
            )
    house.store.marks.put(key, kept_as(Seen(head=head_sha)))
