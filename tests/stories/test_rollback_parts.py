"""Rollbacks of a part: one component of a pull request that moved several, and what becomes of the others (R6, B3)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.test_overrides import says
from tests.stories.test_rollback import moves, rollbacks


@pytest.fixture
def both(bot: Bot, town: Town) -> Pull:
    """staging has run two releases of api and web; the pull request of the second."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    moves(bot, town, api="a", web="c")
    return moves(bot, town, api="b", web="d")


def lands(bot: Bot, town: Town, back: Pull) -> Pull:
    town.github.advance(5)
    town.github.review(back, "ana")
    bot.settles()
    assert back.merged
    town.github.advance(300)
    return back


def test_what_stayed_of_a_pull_request_may_go_back_later(bot: Bot, town: Town, both: Pull):
    says(bot, town, both, "cho", "/rollback api reason: checkout fails")
    first = lands(bot, town, rollbacks(town)[0])
    assert (digest("a") in town.values("staging"), digest("d") in town.values("staging")) == (True, True)
    answer = says(bot, town, both, "cho", "/rollback web reason: the page is blank as well")
    (second,) = rollbacks(town)
    assert f"#{second.number}: Roll back web to 7.0.0 in staging" in answer
    lands(bot, town, second)
    assert digest("c") in town.values("staging")
    answer = says(bot, town, both, "cho", "/rollback reason: once more")
    assert f"#{both.number} was rolled back already by #{first.number}, #{second.number}" in answer


def test_the_rest_of_a_pull_request_goes_back_without_what_went_back_before(bot: Bot, town: Town, both: Pull):
    says(bot, town, both, "cho", "/rollback api reason: checkout fails")
    first = lands(bot, town, rollbacks(town)[0])
    answer = says(bot, town, both, "cho", "/rollback reason: all of it")
    (second,) = rollbacks(town)
    assert second.title == "Roll back web to 7.0.0 in staging"
    assert f"api was rolled back already by #{first.number}" in answer


def test_a_hold_stays_while_another_rollback_needs_it(bot: Bot, town: Town, both: Pull):
    says(bot, town, both, "cho", "/rollback api reason: checkout fails")
    (first,) = rollbacks(town)
    says(bot, town, both, "cho", "/rollback web reason: the page is blank")
    (second,) = [each for each in rollbacks(town) if each is not first]
    town.github.close(first, "ana")
    bot.settles()
    config = town.github.repo("splattop/config").id
    assert [each.environment for each in bot.store.holds.active(config)] == ["staging"]
    assert [each.component for each in bot.store.vetoes.active(config)] == ["web"]
    town.github.close(second, "ana")
    bot.settles()
    assert bot.store.holds.active(config) == ()
