"""What waits for a channel, as messages: one by one while it is little, together when a storm comes.

- The first of a kind goes at once. What follows of the same kind within `QUIET` waits for its end and travels together.
- More kinds at once than `BURST` become one message.
- What is older than `STALE` when the channel works again is not news any more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.model.tidings import Message, Notice, Severity, Tiding

QUIET = timedelta(seconds=60)
BURST = 5
STALE = timedelta(hours=24)
SHOWN = 10
"""Tidings of a message that are told in full; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """A message and the notices that are told by it."""

    message: Message
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a channel is to be sent now; `stale` notices are given up; `again`: when there is more to send."""

    messages: tuple[Grouped, ...]
    stale: tuple[int, ...] = ()
    again: datetime | None = None


def due(
    channel: str, waiting: Sequence[Notice], told_at: Mapping[str, datetime], now: datetime, *, calls: bool
) -> Due:
    """The messages for one channel. `told_at`: by group, when its last message went out. `calls`: whether the channel
    may call everybody."""
    stale = tuple(each.id for each in waiting if now - each.tiding.at > STALE)
    groups: dict[str, list[Notice]] = {}
    for each in waiting:
        if each.id not in stale:
            groups.setdefault(each.tiding.group, []).append(each)
    quiet = {
        name: told_at[name] + QUIET for name in groups if name in told_at and now < told_at[name] + QUIET
    }
    ready = [group for name, group in groups.items() if name not in quiet]
    if len(ready) > BURST:
        ready = [[each for group in ready for each in group]]
    return Due(
        messages=tuple(_grouped(channel, group, calls=calls) for group in ready),
        stale=stale,
        again=min(quiet.values(), default=None),
    )


def _grouped(channel: str, notices: Sequence[Notice], *, calls: bool) -> Grouped:
    ordered = sorted(notices, key=lambda each: (-each.tiding.severity.rank, each.seq))
    tidings = [each.tiding for each in ordered]
    severity = max((each.severity for each in tidings), key=lambda each: each.rank)
    ids = tuple(sorted(each.id for each in notices))
    key = f"{channel}|{'|'.join(str(each.seq) for each in notices)}|{tidings[0].repository}"
    message = Message(
        id=f"lockstep-{hashlib.sha256(key.encode()).hexdigest()[:32]}",
        title=_title(tidings),
        severity=severity,
        at=max(each.at for each in tidings),
        repository=tidings[0].repository,
        tidings=tuple(tidings[:SHOWN]),
        more=max(len(tidings) - SHOWN, 0),
        calls=calls and any(_is_failure(each) for each in tidings),
    )
    return Grouped(message=message, ids=ids)


def _is_failure(told: Tiding) -> bool:
    """Whether a whole channel may be called: for a critical failure in production. A hotfix is urgent, and is none."""
    return told.severity is Severity.CRITICAL and told.event != "hotfix"


def _title(tidings: Sequence[Tiding]) -> str:
    if len(tidings) == 1:
        return tidings[0].title
    events = sorted({each.event for each in tidings})
    places = sorted({each.environment for each in tidings if each.environment})
    what = events[0].replace("_", " ") if len(events) == 1 else "events"
    where = f" in {', '.join(places)}" if 0 < len(places) <= 3 else ""
    return f"{len(tidings)} × {what}{where}"
