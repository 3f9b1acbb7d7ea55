"""`/override validation`: whether the words acknowledge the failure, and what is given (rows C4, B2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.decide.text import code, visible
from bot.decide.validation.standing import Standing
from bot.model.facts import Actor
from bot.model.validation import ValidationOverride

GATE = "validation"
FEWEST_WORDS = 3
"""A reason says more than the acknowledgement's bare words, or "ok"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why not; safe to show."""

    why: str


def judge_override(
    gate: str | None,
    reason: str,
    standing: Standing,
    *,
    acknowledgement: str,
    by: Actor,
    now: datetime,
    lasts: timedelta,
    comment_id: int,
    config_repository_id: int,
) -> tuple[ValidationOverride, ...] | Refused:
    """One override for each failure that is not over; `by` may give it, which was asked before.

    The reason must contain the acknowledgement (case and blanks do not count) and say something besides.
    """
    if gate not in (None, GATE):
        return Refused(why=f"An incident has one gate, `{GATE}`: `/override {GATE} reason: …`.")
    if not standing.failures:
        return Refused(why="No failed validation stands, so there is nothing to override.")
    said, wanted = _words(reason), _words(acknowledgement)
    if not _contains(said, wanted):
        return Refused(
            why=f"The reason must acknowledge the failure with the words {code(acknowledgement)}, and say why."
        )
    if len(said) < max(FEWEST_WORDS, len(wanted) + 1):
        return Refused(why=f"Say why, besides the words {code(acknowledgement)}.")
    return tuple(
        ValidationOverride(
            config_repository_id=config_repository_id,
            deployment=each.deployment,
            run_id=each.run_id,
            attempt=each.attempt,
            by=by,
            reason=reason,
            at=now,
            expires_at=now + lasts,
            comment_id=comment_id,
        )
        for each in standing.failures
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", visible(text).casefold())


def _contains(said: list[str], wanted: list[str]) -> bool:
    return any(said[start : start + len(wanted)] == wanted for start in range(len(said) - len(wanted) + 1))
