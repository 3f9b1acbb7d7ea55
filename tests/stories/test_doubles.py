"""What the chaos and kill runs call doubled is found when it is there, and not when somebody asked for it."""

from __future__ import annotations

from bench.doubles import unasked
from tests.stories.cast import Bot, Town


def test_a_closed_pull_request_that_comes_again_is_found_unless_somebody_asked(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    closed = town.pull("staging")
    town.github.close(closed, by="ana")
    bot.settles()
    assert unasked(town) == ()
    town.github.advance(5)
    asking = town.github.comment(town.pull("dev", "closed"), "ana", "/promote staging")
    town.github.advance(5)
    bot.settles()
    again = town.pull("staging")
    assert unasked(town) == ()
    asking.body = "thanks"
    assert unasked(town) == (f"#{again.number} proposes what #{closed.number} did, which was closed",)
