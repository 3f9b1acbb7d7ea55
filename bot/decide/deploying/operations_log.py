"""The operations log: a file in the config repository with one row for each rollback that has ended (row R6).

It grows beside the release log, in the same pull request.
"""

from __future__ import annotations

from collections.abc import Iterable

from bot.decide import incidents
from bot.decide.text import code, defang
from bot.model.rollback import ENDED, RollbackRecord, RollbackState

HEAD = """# Operations log

What was rolled back, oldest first. Lockstep adds the rows; edit anything but the links.

| merged | environment | pull request | undid | components | why | by | merge to healthy | incident |
|---|---|---|---|---|---|---|---|---|
"""
MOST = 100
"""Rows in one go."""


def missing(there: str, found: Iterable[RollbackRecord]) -> tuple[RollbackRecord, ...]:
    """Those that have ended and have no row in the file, oldest first."""
    absent = [each for each in found if each.state in ENDED and each.merged_at and _mark(each) not in there]
    return tuple(sorted(absent, key=lambda each: each.id)[-MOST:])


def content(there: str, rows: Iterable[RollbackRecord], url: str) -> str:
    """The file with the rows added at its end; `url` is the config repository's address."""
    body = there if there.strip() else HEAD
    return body + ("" if body.endswith("\n") else "\n") + "".join(f"{_row(each, url)}\n" for each in rows)


def _mark(record: RollbackRecord) -> str:
    return f"| {code(record.ask.environment, in_table=True)} | [#{record.pull_number}]("


def _without(state: RollbackState) -> str:
    return "nothing is watched there" if state is RollbackState.UNWATCHED else "not healthy"


def _row(record: RollbackRecord, url: str) -> str:
    ask, took = record.ask, record.took
    moved = ", ".join(
        f"{code(name, in_table=True)} {code(record.before[name].tag, in_table=True)} → {code(tag.tag, in_table=True)}"
        for name, tag in sorted(record.after.items())
        if name in record.before
    )
    cells = (
        f"[#{record.undoes}]({url}/pull/{record.undoes})",
        moved,
        defang(ask.reason, 300),
        code(ask.by.login, in_table=True) if ask.by else ask.trigger.replace("_", " "),
        f"{took.total_seconds():.0f} s" if took is not None else _without(record.state),
        f"[#{record.incident}]({url}/issues/{record.incident})" if record.incident else "",
    )
    when = incidents.clock(record.merged_at) if record.merged_at else ""
    return f"| {when} {_mark(record)}{url}/pull/{record.pull_number}) | {' | '.join(cells)} |"


def line(record: RollbackRecord) -> str:
    """What is added, for the pull request's body."""
    return f"#{record.pull_number} took {record.ask.environment} back"
