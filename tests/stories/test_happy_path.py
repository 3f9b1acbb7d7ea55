"""A release becomes a pull request, dev merges by itself, and the next environment's pull request opens."""

from __future__ import annotations

from tests.builders import digest, values
from tests.stories.cast import Bot, Town


def test_a_release_is_proposed_to_dev_merged_and_proposed_to_staging(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"
    assert town.values("dev").encode() == values(api="a", api_tag="7.0.0")
    assert town.values("staging").encode() == values()

    with town.expect_no_writes():
        bot.sweeps()


def test_the_digest_reaches_the_values_file_and_nothing_else_changes(bot: Bot, town: Town):
    town.release(web="c")
    bot.settles()
    assert digest("c") in town.values("dev")


def test_each_label_has_a_colour_and_says_what_it_means(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    pull = town.pull("staging")
    town.github.comment(pull, "ana", "/hold")
    bot.settles()
    found = {each.name: (each.color, each.description) for each in pull.labels}
    assert set(found) == {"automation:release-bump", "env:staging", "lockstep:hold"}
    assert [name for name, (colour, meaning) in found.items() if colour == "ededed" or not meaning] == []
