"""The gates: one question a file, each answering with a verdict and the evidence it rests on (row P2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Gated:
    """A gate's answer, and when it changes by itself."""

    verdict: Verdict
    changes_at: datetime | None = None
    """The next moment, aware, at which time alone may change the answer; None when time does not."""
    ask_again: bool = False
    """A server did not answer, so that the same question may be answered soon."""
