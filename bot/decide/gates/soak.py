"""Has the release been healthy for long enough where it comes from? (row P1; `soak` of the environment)"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.decide.gates import Gated
from bot.decide.gates.lasting import lasting
from bot.decide.gates.measuring import gated
from bot.model.facts import Unknown


def soak(needed: timedelta, environment: str, since: datetime | Unknown | None, now: datetime) -> Gated:
    """`since` is the aware moment at which the last of the release's components became healthy in `environment`,
    the one that the release comes from; None while it is not. At exactly `since + needed` the gate passes.
    """
    found = lasting(f"The release in {environment}", since, needed, now, source="release log")
    return gated("soak", [found])
