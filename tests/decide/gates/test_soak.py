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
    verdict = soak(HOUR, "staging", NOW - timedelta(minutes=18), NOW).verdict
    assert verdict.headline == ("The release in staging must be healthy for 1 h, until 2026-03-02 12:42 UTC")
    assert [(each.measured, each.needed) for each in verdict.evidence] == [
        ("since 2026-03-02 11:42 UTC", "1 h, until 2026-03-02 12:42 UTC")
    ]


def test_once_over_it_tells_since_when() -> None:
    assert soak(HOUR, "staging", NOW - 3 * HOUR, NOW).verdict.headline == (
        "The release in staging is healthy since 2026-03-02 09:00 UTC, needed: 1 h"
    )


@pytest.mark.parametrize(
    ("since", "headline"),
    [
        (None, "The release in staging is not healthy yet"),
        (
            Unknown(why="the release log was not read"),
            "The release in staging: since when it is healthy could not be read: the release log was not read",
        ),
    ],
)
def test_without_a_start_it_says_why_it_holds(since: Unknown | None, headline: str) -> None:
    assert soak(HOUR, "staging", since, NOW).verdict.headline == headline


def test_what_it_says_is_the_same_in_each_look() -> None:
    first, later = (soak(HOUR, "staging", NOW, NOW + timedelta(minutes=each)).verdict for each in (1, 31))
    assert (first.headline, first.evidence[0].measured) == (later.headline, later.evidence[0].measured)
