"""Outages: what a promotion waits for is told, it goes on by itself, and nothing is done twice (row G7).

Told elsewhere: trouble at any single write and a worker killed between two steps (test_crashes, test_deploy_crashes),
an Argo CD that answers with errors (test_deploy), reads of GitHub that fail (test_faults). Real processes over real
servers that are killed by chance: `make chaos`.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.model.subject import environment
from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import RULES, Bot, Town
from tests.stories.test_alerts import SWITCHED_ON, alert, locks, notification, posts, ruled
from tests.stories.test_rollback import moves, rollbacks

MINUTE = 60


@pytest.fixture
def watched(bot: Bot, town: Town) -> Pull:
    """staging may be rolled back by itself, and runs the first of two releases."""
    ruled(bot, town, RULES + SWITCHED_ON)
    return moves(bot, town, api="a", web="c")


def merged_while_nobody_looks(bot: Bot, town: Town) -> Pull:
    """The second release is merged into staging, and no worker looks for a quarter of an hour."""
    town.release(api="b")
    bot.settles()
    pull = town.pull("staging")
    town.github.merge(pull, by="ana")
    town.github.advance(15 * MINUTE)
    return pull


def test_an_alert_of_an_outage_is_not_taken_for_older_than_the_merge_that_it_is_about(
    bot: Bot, town: Town, watched: Pull
):
    merged_while_nobody_looks(bot, town)
    began = bot.works.house.clock() - timedelta(minutes=5)
    posts(bot, notification(alert(bot, startsAt=began.isoformat())))
    bot.settles()
    (back,) = rollbacks(town)
    assert back.title == "Roll back api to 7.0.0 in staging"
    assert locks(bot) == []
    assert digest("b") in town.values("staging")


def test_an_alert_that_comes_before_the_news_of_the_merge_waits_for_it(bot: Bot, town: Town, watched: Pull):
    merged_while_nobody_looks(bot, town)
    town.github.webhooks.take()  # lost: only the sweep will tell
    began = bot.works.house.clock() - timedelta(minutes=5)
    posts(bot, notification(alert(bot, startsAt=began.isoformat())))
    bot.settles()
    assert locks(bot) == []
    bot.sweeps()
    (back,) = rollbacks(town)
    assert back.title == "Roll back api to 7.0.0 in staging"


def test_what_a_person_closed_is_not_opened_again_though_nobody_told_of_it(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    pull = town.pull("staging")
    town.github.close(pull, by="ana")
    town.github.webhooks.take()  # lost
    (installation,) = bot.store.repositories.installations()
    bot.store.queue.wake(str(environment(installation, pull.repo.id, "staging")))
    bot.settles().sweeps()
    assert [each.title for each in town.pulls("open")] == []
    assert bot.ledger("promotion_closed") == [("done", "Promote api 7.0.0 to staging")]
