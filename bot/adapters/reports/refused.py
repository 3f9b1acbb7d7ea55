"""The one error of this room: a report that cannot be read, so that nothing is known (never a pass)."""

from __future__ import annotations

from typing import NoReturn

from bot.errors import NoReport, UserError

MAX_BYTES = 16 * 1024 * 1024
"""The largest report. A CodeQL file of a large repository stays below 10 MB, GitHub's limit for uploads."""


class ReportRefused(UserError):
    """A report that is not taken. `file` is its name in the artifact; the message holds nothing of its content."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{shown(file)}: {problem}")
        self.file = file


class NoReportThere(ReportRefused, NoReport):
    """There is none to read."""


def refuse(file: str, problem: str) -> NoReturn:
    """Raises ReportRefused; `problem` is a sentence without its subject (`is not XML`)."""
    raise ReportRefused(file, problem) from None


def check_size(data: bytes, *, name: str) -> None:
    """Refuses an empty report and one over `MAX_BYTES`."""
    if len(data) > MAX_BYTES:
        refuse(name, f"is larger than {MAX_BYTES // (1024 * 1024)} MB; upload a smaller report")
    if not data.strip():
        refuse(name, "is empty; upload the report that the tool wrote")


def shown(word: str, limit: int = 120) -> str:
    """A word of somebody else's as one printable line of at most `limit` characters."""
    kept = "".join(character if character.isprintable() else "?" for character in word)
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"
