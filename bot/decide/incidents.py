"""The parts that the facts of every issue of Lockstep's are made of: timeline, tables, evidence. Pure builders."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from bot.decide.text import defang

EVIDENCE = 300
"""Characters of one piece of evidence."""
_PIPE = re.compile(r"(?<!\\)\|")


def clock(moment: datetime) -> str:
    """`2026-11-22 13:55:40`, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def timeline(rows: Iterable[tuple[datetime | None, str]]) -> str:
    """A table of what happened, in order of time; what has no moment did not happen. Texts are Markdown, safe to show
    outside a table."""
    known = sorted(((at, says) for at, says in rows if at is not None), key=lambda each: each[0])
    return table(("UTC", "what happened"), [(clock(at), _PIPE.sub(r"\\|", says)) for at, says in known])


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; cells are Markdown, safe to show in one."""
    names = list(head)
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in rows)])


def evidence(findings: Iterable[str]) -> str:
    """What was measured or said, by anybody: made safe here."""
    lines = [f"- {defang(each, EVIDENCE)}" for each in findings] or ["- none was measured"]
    return "**Evidence**\n\n" + "\n".join(lines)


def facts(*parts: str) -> str:
    """The parts, one below the other; those that are empty are left out."""
    return "\n\n".join(part for part in parts if part)
