"""The one table of the bench: what was measured, beside what, the ratio, the goal, and whether it is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

HEADS = ("what", "measured", "beside", "ratio", "goal", "met")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line. `beside` is a peer or a physical limit, measured in the same run, and `ratio` measured : beside."""

    what: str
    measured: str
    beside: str = "–"
    ratio: float | None = None
    goal: str = "–"
    met: bool | None = None
    """None: a number for information, without a goal."""
    value: float | None = None
    """What was measured as a bare number, for programs."""
    note: str = ""
    """Told below the table."""

    def cells(self) -> tuple[str, ...]:
        """As text, in the order of HEADS."""
        ratio = "–" if self.ratio is None else f"{self.ratio:.2f}"
        met = "–" if self.met is None else "yes" if self.met else "NO"
        return (self.what, self.measured, self.beside, ratio, self.goal, met)


def text(rows: Sequence[Row]) -> str:
    """The table for people, as Markdown."""
    cells = [HEADS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    notes = [f"- {row.what}: {row.note}" for row in rows if row.note]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:], *([""] if notes else []), *notes])


def plain(rows: Sequence[Row]) -> list[dict[str, object]]:
    """The table for programs."""
    return [asdict(row) for row in rows]
