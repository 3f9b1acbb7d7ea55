"""Killed, or left without an answer, at any write: the end is the same as without trouble, and nothing is doubled.

Attack cases 10, 18, 21, 22: the story is told once for each write that it takes, and for each kind of trouble.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.builders import values
from tests.stories.cast import Bot, Town
from tests.stories.trouble import TROUBLES, Trouble, not_done, survives, trouble_at

TRAVEL = 8
"""Writes of a release's way through dev to staging."""


def doubled_checks(town: Town) -> list[tuple[str, str]]:
    """Check runs that exist twice on one commit."""
    runs = town.github.repo("splattop/config").check_runs.values()
    return [each for each, count in Counter((run.head_sha, run.name) for run in runs).items() if count > 1]


def merges(town: Town) -> list[int]:
    """What GitHub answered to the merge calls."""
    return [entry.status for entry in town.github.requests if entry.path.endswith("/merge")]


def rows(bot: Bot, event: str) -> int:
    """Ledger rows of an event that say that something was done."""
    return [decision for decision, _ in bot.ledger(event)].count("done")


@pytest.mark.parametrize("number", range(1, TRAVEL + 1))
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.__name__)
def test_cases_21_22_trouble_at_any_write_of_a_release_s_way_changes_nothing(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch, trouble: Trouble, number: int
):
    town.release(api="a")
    with trouble_at(monkeypatch, bot, number, trouble):
        bot = survives(bot)
    assert [pull.title for pull in town.pulls("all")] == [
        "Promote api 7.0.0 to dev",
        "Promote api 7.0.0 to staging",
    ]
    dev, staging = town.pull("dev", "merged"), town.pull("staging")
    assert town.values("dev").encode() == values(api="a", api_tag="7.0.0")
    for pull, environment in ((dev, "dev"), (staging, "staging")):
        assert {label.name for label in pull.labels} == {"automation:release-bump", f"env:{environment}"}
        assert pull.comments == []
    assert town.check(dev) == ("completed", "success")
    assert town.check(staging) == ("completed", "action_required")
    assert doubled_checks(town) == []
    assert merges(town).count(200) <= 1
    branches = set(town.github.repo("splattop/config").git.refs())
    assert branches == {"heads/main", "heads/lockstep/staging/app"}
    assert (rows(bot, "release_accepted"), rows(bot, "promotion_merged")) == (1, 1)

    with town.expect_no_writes():
        bot.sweeps()


def test_the_release_s_way_takes_as_many_writes_as_the_stories_above_put_trouble_at(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch
):
    town.release(api="a")
    with trouble_at(monkeypatch, bot, 0, not_done) as writes:
        bot.settles()
    assert writes.seen == TRAVEL
