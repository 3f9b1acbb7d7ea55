"""Has something lasted long enough? What soak and canary share: the moment when it will have."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.decide.gates.measuring import Finding, length, moment, unread
from bot.model.facts import Unknown
from bot.model.verdict import Evidence, Outcome


def lasting(
    what: str, since: datetime | Unknown | None, needed: timedelta, now: datetime, *, source: str
) -> Finding:
    """`what` is healthy since `since` (aware; None: it is not healthy now) and must be for `needed`.

    At exactly `since + needed` it passes. What is said names moments and no time that is left: a check run is read
    later than it is written, and it would have to be written again in each look.
    """
    if isinstance(since, Unknown):
        return unread(f"{what}: since when it is healthy", since)
    if since is None:
        evidence = Evidence(measured="not healthy", needed=length(needed), source=source, at=now)
        return Finding(
            outcome=Outcome.WAIT,
            says=f"{what} is not healthy yet",
            evidence=(evidence,),
        )
    end = since + needed
    evidence = Evidence(
        measured=f"since {moment(since)}",
        needed=f"{length(needed)}, until {moment(end)}",
        source=source,
        at=now,
    )
    if now >= end:
        return Finding(
            outcome=Outcome.PASS,
            says=f"{what} is healthy since {moment(since)}, needed: {length(needed)}",
            evidence=(evidence,),
        )
    return Finding(
        outcome=Outcome.WAIT,
        says=f"{what} must be healthy for {length(needed)}, until {moment(end)}",
        evidence=(evidence,),
        changes_at=end,
    )
