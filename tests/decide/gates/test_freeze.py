"""Freeze windows: local time, daylight saving, the hotfix exemption, and when the answer changes."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.decide.gates import Gated
from bot.decide.gates.freeze import freeze
from bot.model.policy_after import Freeze
from bot.model.verdict import Outcome

HOLIDAYS = Freeze(
    name="holidays",
    timezone="Europe/Berlin",
    starts=datetime(2026, 12, 20, 18, 0),
    ends=datetime(2027, 1, 4, 8, 0),
)
WEEKEND = Freeze(
    name="weekend",
    timezone="Europe/Berlin",
    days=(4,),
    from_time=time(16),
    to_time=time(8),
    allow_hotfix=False,
)
NIGHT = Freeze(
    name="night", timezone="Europe/Berlin", days=tuple(range(7)), from_time=time(2, 30), to_time=time(3, 30)
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def asked(window: Freeze, now: str, *, hotfix: bool = False) -> Gated:
    return freeze([window], "production", at(now), hotfix=hotfix)


@pytest.mark.parametrize(
    ("window", "now", "outcome", "changes_at"),
    [
        # 18:00 in Berlin is 17:00 UTC in winter; the start is inside, the end outside.
        (HOLIDAYS, "2026-12-20 16:59:59", Outcome.PASS, "2026-12-20 17:00"),
        (HOLIDAYS, "2026-12-20 17:00", Outcome.WAIT, "2027-01-04 07:00"),
        (HOLIDAYS, "2027-01-04 06:59:59", Outcome.WAIT, "2027-01-04 07:00"),
        (HOLIDAYS, "2027-01-04 07:00", Outcome.PASS, None),
        # Friday 16:00 to Saturday 08:00; 2026-03-06 is a Friday.
        (WEEKEND, "2026-03-06 14:59", Outcome.PASS, "2026-03-06 15:00"),
        (WEEKEND, "2026-03-06 15:00", Outcome.WAIT, "2026-03-07 07:00"),
        (WEEKEND, "2026-03-07 06:59", Outcome.WAIT, "2026-03-07 07:00"),
        (WEEKEND, "2026-03-07 07:00", Outcome.PASS, "2026-03-13 15:00"),
        # From Friday 2026-03-27 on CET to Saturday; the week after, 16:00 is 14:00 UTC.
        (WEEKEND, "2026-03-28 08:00", Outcome.PASS, "2026-04-03 14:00"),
        # 2026-03-29: the clocks jump from 02:00 to 03:00 at 01:00 UTC, over the start 02:30.
        (NIGHT, "2026-03-29 00:59", Outcome.PASS, "2026-03-29 01:00"),
        (NIGHT, "2026-03-29 01:00", Outcome.WAIT, "2026-03-29 01:30"),
        # 2026-10-25: 02:30 comes twice, at 00:30 and at 01:30 UTC; the first one counts.
        (NIGHT, "2026-10-25 00:29", Outcome.PASS, "2026-10-25 00:30"),
        (NIGHT, "2026-10-25 01:15", Outcome.WAIT, "2026-10-25 02:30"),
    ],
)
def test_windows_are_local_time_and_tell_when_the_answer_changes(
    window: Freeze, now: str, outcome: Outcome, changes_at: str | None
) -> None:
    found = asked(window, now)
    assert (found.verdict.outcome, found.changes_at) == (outcome, at(changes_at) if changes_at else None)


def test_an_end_that_comes_twice_is_its_second_time() -> None:
    window = Freeze(name="n", timezone="Europe/Berlin", days=(6,), from_time=time(1), to_time=time(2, 30))
    assert asked(window, "2026-10-25 00:45").changes_at == at("2026-10-25 01:30")


def test_windows_that_touch_or_overlap_are_one() -> None:
    def window(name: str, starts: int, ends: int) -> Freeze:
        return Freeze(name=name, starts=datetime(2026, 3, 2, starts), ends=datetime(2026, 3, 2, ends))

    found = freeze(
        [window("b", 12, 14), window("a", 10, 12), window("c", 16, 18)], "dev", at("2026-03-02 11:00")
    )
    assert found.changes_at == at("2026-03-02 14:00")


def test_a_hotfix_passes_where_the_window_allows_it() -> None:
    verdict = asked(HOLIDAYS, "2026-12-24 12:00", hotfix=True).verdict
    assert verdict.outcome is Outcome.PASS
    assert verdict.headline == "A hotfix passes the freeze “holidays” of production"


def test_a_hotfix_waits_where_the_window_does_not_allow_it() -> None:
    assert asked(WEEKEND, "2026-03-06 15:00", hotfix=True).verdict.outcome is Outcome.WAIT


def test_a_window_of_another_environment_freezes_nothing() -> None:
    window = Freeze(name="x", environments=("dev",), starts=datetime(2026, 1, 1), ends=datetime(2027, 1, 1))
    assert asked(window, "2026-03-02 12:00").verdict.outcome is Outcome.PASS


def test_the_headline_says_until_when_in_the_teams_own_time() -> None:
    assert asked(HOLIDAYS, "2026-12-24 12:00").verdict.headline == (
        "production is frozen until 2027-01-04 08:00 (Europe/Berlin): “holidays”; a hotfix may pass"
    )


def test_a_freeze_around_the_clock_is_looked_at_again_some_day() -> None:
    window = Freeze(name="x", days=tuple(range(7)), from_time=time(0), to_time=time(0))
    found = asked(window, "2026-03-02 12:00")
    assert found.verdict.outcome is Outcome.WAIT
    assert found.changes_at is not None
    assert found.changes_at - at("2026-03-02 12:00") > timedelta(days=7)


def test_without_windows_nothing_is_frozen_and_nothing_changes() -> None:
    found = freeze([], "production", at("2026-03-02 12:00"))
    assert (found.verdict.outcome, found.changes_at) == (Outcome.PASS, None)
