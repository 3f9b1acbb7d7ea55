"""The soak gate: ends by itself, at the exact moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.decide.gates.soak import soak
from bot.model.facts import Unknown
from bot.model.verdict import Outcome
from tests.decide.gates.measured import NOW

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("since", "outcome", "changes_at"),
    [
        (NOW - HOUR, Outcome.PASS, None),
        (NOW - HOUR + timedelta(microseconds=1), Outcome.WAIT, NOW + timedelta(microseconds=1)),
        (NOW, Outcome.WAIT, NOW + HOUR),
        (NOW + HOUR, Outcome.WAIT, NOW + 2 * HOUR),
        (None, Outcome.WAIT, None),
        (Unknown(why="the release log was not read"), Outcome.UNKNOWN, None),
    ],
)
def test_it_passes_from_the_moment_on_that_it_names(
    since: datetime | Unknown | None, outcome: Outcome, changes_at: datetime | None
) -> None:
    found = soak(HOUR, "staging", since, NOW)
    assert (found.verdict.outcome, found.changes_at) == (outcome, changes_at)


def test_asked_again_at_that_moment_it_passes() -> None:
    first = soak(HOUR, "staging", NOW - timedelta(minutes=18), NOW)
    assert first.changes_at is not None
    assert (
        soak(HOUR, "staging", NOW - timedelta(minutes=18), first.changes_at).verdict.outcome is Outcome.PASS
    )


def test_it_tells_how_long_and_until_when() -> None:
    assert soak(HOUR, "staging", NOW - timedelta(minutes=18), NOW).verdict.headline == (
        "The release in staging must be healthy for 1 h; 42 min to go, until 2026-03-02 12:42 UTC"
    )


def test_time_so_far_is_never_rounded_up_to_the_goal() -> None:
    found = soak(HOUR, "staging", NOW - timedelta(minutes=59, seconds=59.9), NOW)
    assert found.verdict.evidence[0].measured == "59 min 59 s (since 2026-03-02 11:00 UTC)"
