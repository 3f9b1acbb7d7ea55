"""Short ways to write a line of the report."""

from __future__ import annotations

from bot.decide.text import truncate, visible
from bot.model.doctor import Line, State, Trouble

LONGEST = 400


def right(area: str, check: str, says: str) -> Line:
    """All is well."""
    return Line(area=area, check=check, state=State.RIGHT, says=_shown(says))


def wrong(area: str, check: str, says: str, next_step: str) -> Line:
    """Somebody must do something."""
    return Line(area=area, check=check, state=State.WRONG, says=_shown(says), next_step=_shown(next_step))


def unused(area: str, check: str, says: str, next_step: str = "") -> Line:
    """It is not set up, and nothing asks for it."""
    return Line(area=area, check=check, state=State.NOT_USED, says=_shown(says), next_step=_shown(next_step))


def troubled(area: str, check: str, trouble: Trouble, next_step: str) -> Line:
    """It could not be looked at."""
    return Line(
        area=area,
        check=check,
        state=State.WRONG,
        says=_shown(trouble.why),
        next_step=_shown(next_step),
        silent=trouble.silent,
    )


def _shown(text: str) -> str:
    return truncate(visible(text), LONGEST, "…")
