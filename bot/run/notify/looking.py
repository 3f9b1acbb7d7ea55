"""A look at what people are to be told about a config repository: ledger rows to tidings, tidings to messages, sent.

Asks GitHub nothing: rules and names are as they were read last, so people are told also while GitHub is away.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.decide.notify import Place, Plan, due, from_json, route, tiding
from bot.decide.notify.grouping import QUIET, Grouped
from bot.decide.validation.incident import key_of
from bot.model.facts import Repository
from bot.model.ledger import LedgerEntry
from bot.model.ports_store import wake
from bot.model.subject import Kind, Subject
from bot.model.tidings import ChannelState, Later, Message, Notice, Rejected
from bot.run import issues
from bot.run.house import House, Looked, note
from bot.run.notify.moot import without_moot

log = logging.getLogger(__name__)

TWICE = timedelta(hours=1)
"""The same thing is told to a channel once within this time."""
TRIES = 3
"""How often a message is offered that the channel does not take."""
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
ASKED_AT_MOST = timedelta(hours=1)
"""A channel that asks for more patience is asked again after this time all the same."""
BROKEN_AFTER = 3
"""Failures in a row after which a channel counts as broken: a ledger row, once."""
STALE = "older than a day when the channel could be used"


def look_tidings(house: House, subject: Subject) -> Looked:
    """Reads the rows that were not told yet, and sends what is due by each channel."""
    value = house.store.notices.planned(subject.repository)
    repository = house.store.repositories.within(subject.installation_id, subject.repository)
    if value is None or repository is None:
        return Looked(outcome="skipped: nobody is told")
    plan = from_json(value)
    read = _collect(house, subject, plan, repository)
    states = {each.name: each for each in house.store.notices.channels(repository.id)}
    sent, again = 0, list[datetime]()
    waiting = without_moot(house, repository.id, house.store.notices.waiting(repository.id))
    told_at = house.store.notices.told_at(repository.id, house.clock() - QUIET)
    for name in sorted({each.channel for each in waiting}):
        mine = [each for each in waiting if each.channel == name]
        groups = {group: at for (channel, group), at in told_at.items() if channel == name}
        count, later = _tell(house, subject, plan, states.get(name), name, mine, groups)
        sent += count
        again += [later] if later else []
    if again:
        wake(house.store, subject, min(again))
    return Looked(outcome=f"read {read} rows, sent {sent} messages")


def _collect(house: House, subject: Subject, plan: Plan, repository: Repository) -> int:
    """Row by row to tidings and their channels, kept together with how far the ledger was read."""
    count = 0
    while rows := house.store.notices.untold(repository.id):
        found = []
        for row in rows:
            told = tiding(row.entry, _place(house, plan, repository, row.entry))
            if told is not None:
                found += [(row.seq, channel, told) for channel in route(plan, told)]
        house.store.notices.keep(repository.id, rows[-1].seq, found, TWICE)
        count += len(rows)
    return count


def _place(house: House, plan: Plan, repository: Repository, entry: LedgerEntry) -> Place:
    """Where a row belongs: by its details, its subject, or the promotion that its pull request is."""
    name = entry.details.get("environment") or None
    subject = Subject.parse(entry.subject) if entry.subject else None
    if name is None and subject is not None and subject.kind is Kind.ENVIRONMENT:
        name = subject.name
    if name is None and entry.pull_number is not None and entry.repository_id == repository.id:
        promotion = house.store.promotions.by_pull(repository.id, entry.pull_number)
        name = promotion.environment if promotion else None
    environment = None if name is None else str(name)
    return Place(
        repository=repository.full_name,
        url=f"{house.web_url}/{repository.full_name}",
        environment=environment,
        production=environment in plan.production,
        issue=_incident(house, repository, entry),
    )


def _incident(house: House, repository: Repository, entry: LedgerEntry) -> int | None:
    incident = entry.details.get("incident")
    return issues.number_of(house, repository.id, key_of(incident)) if incident else None


def _tell(
    house: House,
    subject: Subject,
    plan: Plan,
    state: ChannelState | None,
    name: str,
    waiting: Sequence[Notice],
    told_at: dict[str, datetime],
) -> tuple[int, datetime | None]:
    """Sends what is due by one channel; how many messages it took, and when to come back."""
    now = house.clock()
    channel = plan.notify.channels.get(name)
    if channel is None or name not in plan.ready:
        house.store.notices.dropped([each.id for each in waiting], "the rules name the channel no more", now)
        return 0, None
    if state is not None and state.not_before is not None and now < state.not_before:
        return 0, state.not_before
    found = due(name, waiting, told_at, now, calls=channel.kind == "slack" and channel.mention is not None)
    if found.stale:
        house.store.notices.dropped(found.stale, STALE, now)
    sent, again = 0, [found.again] if found.again else []
    for each in found.messages:
        tries = max(one.tries for one in waiting if one.id in each.ids)
        message = each.message if tries + 1 < TRIES else _bare(each.message)
        outcome = house.messenger.send(name, channel, message)
        if isinstance(outcome, Later):
            return sent, _failed(house, subject, name, outcome)
        if isinstance(outcome, Rejected):
            later = _rejected(house, subject, name, each, tries, outcome)
            again += [later] if later else []
            continue
        _sent(house, subject, state, name, each)
        sent += 1
    return sent, min(again, default=None)


def _sent(house: House, subject: Subject, state: ChannelState | None, name: str, each: Grouped) -> None:
    with house.store.together():
        house.store.notices.sent(subject.repository, name, each.ids, each.message.id, house.clock())
        details = {"channel": name, "message": each.message.id, "tidings": len(each.ids)}
        note(house, subject, "told", "done", each.message.title, details=details)
        if state is not None and state.failures >= BROKEN_AFTER:
            note(
                house,
                subject,
                "channel_mended",
                "done",
                f"{name} takes messages again",
                details={"channel": name},
            )


def _failed(house: House, subject: Subject, name: str, outcome: Later) -> datetime:
    """The whole channel waits: everything on its way keeps its place."""
    now = house.clock()
    with house.store.together():
        failures = house.store.notices.troubled(subject.repository, name, outcome.why, now)
        if failures == BROKEN_AFTER:
            note(house, subject, "channel_broken", "failed", outcome.why, details={"channel": name})
    wait = min(FIRST_WAIT * (1 << min(failures - 1, 10)), LONGEST_WAIT)
    at = now + max(wait, min(outcome.after or wait, ASKED_AT_MOST))
    house.store.notices.wait_until(subject.repository, name, at)
    log.warning("the channel %s does not work, again at %s: %s", name, at, outcome.why)
    return at


def _rejected(
    house: House, subject: Subject, name: str, each: Grouped, tries: int, outcome: Rejected
) -> datetime | None:
    """Offered again a few times, the last time without other people's words; then given up, on record."""
    now = house.clock()
    house.store.notices.tried(each.ids)
    log.warning("the channel %s does not take “%s”: %s", name, each.message.title, outcome.why)
    if tries + 1 < TRIES:
        return now + FIRST_WAIT
    details = {"channel": name, "message": each.message.id, "tidings": len(each.ids)}
    with house.store.together():
        note(house, subject, "told", "refused", f"{each.message.title}: {outcome.why}", details=details)
        house.store.notices.dropped(each.ids, outcome.why, now)
    return None


def _bare(message: Message) -> Message:
    """The message without what others wrote, for a channel that does not take it as it is."""
    return replace(message, tidings=tuple(replace(each, reason="", facts=()) for each in message.tidings))
