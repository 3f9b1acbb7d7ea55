"""The terminal: lines with wall time and the seconds since CI finished; colours only where somebody watches."""

from __future__ import annotations

import io
import os
from datetime import datetime
from typing import TextIO

import click

from bot.decide.text import visible

MARGIN = " " * 23
"""As wide as what stands before a sentence, so that links and diffs line up below it."""


class Screen:
    """Writes for people. Without a terminal, or with NO_COLOR set, it writes plain text."""

    def __init__(self, stream: TextIO) -> None:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no ✓ still gets the story
        self._stream = stream
        self._colour = stream.isatty() and not os.environ.get("NO_COLOR")
        self.start: datetime | None = None
        """When the clock of the second column starts."""

        self._link: str | None = None

    def say(self, text: str = "", **style: bool | str) -> None:
        """A line of its own, without times."""
        self._write(self._styled(text, **style))

    def tell(
        self, at: datetime, text: str, link: str | None = None, *, step: bool = False, bad: bool = False
    ) -> None:
        """What happened, when, and where to look."""
        seconds = (at - self.start).total_seconds() if self.start else 0.0
        since = f"{max(seconds, 0.0):+8.2f} s" if self.start else " " * 10
        mark = self._styled("✗", fg="red") if bad else self._styled("✓", fg="green") if step else "·"
        self._write(f"{self._styled(_clock(at), dim=True)} {since} {mark} {visible(text)}")
        if link and link != self._link:
            self._write(f"{MARGIN}  {self._styled(link, fg='cyan')}")
            self._link = link

    def diff(self, text: str) -> None:
        """A unified diff, indented."""
        colours = {"+": "green", "-": "red", "@": "magenta"}
        self._write("")
        for line in text.splitlines():
            colour = None if line.startswith(("+++", "---")) else colours.get(line[:1])
            self._write(f"    {self._styled(line, fg=colour) if colour else line}")
        self._write("")

    def _styled(self, text: str, **style: bool | str) -> str:
        return click.style(text, **style) if self._colour and text else text  # type: ignore[arg-type]  # click's own keywords

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03d}"
