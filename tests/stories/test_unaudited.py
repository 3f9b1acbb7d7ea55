"""Approvals and rollbacks that the ledger does not take: nothing happens unaudited (attack case 97)."""

from __future__ import annotations

import pytest

from tests.stories.cast import RULES, Bot, Town
from tests.stories.test_alerts import SWITCHED_ON, alert, notification, posts, ruled
from tests.stories.test_audit import in_review, ledger_refuses
from tests.stories.test_rollback import moves, rollbacks
from tests.stories.trouble import HOUR


def config(town: Town) -> int:
    return town.github.repo("splattop/config").id


@pytest.mark.parametrize("event", ["%", "approval", "command_approve"])
@pytest.mark.parametrize("by", ["review", "/approve"])
def test_case_97_an_approval_that_cannot_be_written_down_merges_nothing(
    bot: Bot, town: Town, database_url: str, by: str, event: str
):
    pull = in_review(bot, town)
    if (by, event) == ("review", "command_approve"):
        event = "approval%"  # a review is no command
    town.github.advance(5)
    with ledger_refuses(database_url, event):
        town.github.review(pull, "ana") if by == "review" else town.github.comment(pull, "ana", by)
        bot.settles().waits(60)
        assert not pull.merged
        assert town.check(pull)[1] != "success"
        assert bot.store.approvals.records(config(town), pull.number) == ()
    bot.waits(HOUR).sweeps()
    assert pull.merged
    assert [row.entry.actor_login for row in bot.store.ledger.rows(event="approval")] == ["ana"]


@pytest.mark.parametrize("event", ["%", "command_rollback", "rollback_asked", "open_pull", "veto", "hold"])
def test_case_97_a_rollback_that_cannot_be_written_down_opens_nothing_twice_and_later_once(
    bot: Bot, town: Town, database_url: str, event: str
):
    moves(bot, town, api="a", web="c")
    second = moves(bot, town, api="b")
    with ledger_refuses(database_url, event):
        town.github.comment(second, "ana", "/rollback reason: checkout fails")
        bot.settles().waits(60)
        assert event in ("veto", "hold") or rollbacks(town, "all") == []
        assert [row for row in bot.store.rollbacks.of(config(town), "staging") if row.pull_number] == []
    bot.waits(HOUR).sweeps()
    (back,) = rollbacks(town, "all")
    assert back.title == "Roll back api to 7.0.0 in staging"
    assert [decision for decision, _ in bot.ledger("rollback_asked")] == ["done"]
    assert [decision for decision, _ in bot.ledger("rollback")] == ["done"]


@pytest.mark.parametrize("event", ["%", "rollback_asked", "open_pull"])
def test_case_97_an_alert_whose_rollback_cannot_be_written_down_opens_nothing_and_later_one(
    bot: Bot, town: Town, database_url: str, event: str
):
    ruled(bot, town, RULES + SWITCHED_ON)
    moves(bot, town, api="a", web="c")
    moves(bot, town, api="b", then=60)
    with ledger_refuses(database_url, event):
        assert posts(bot, notification(alert(bot))) == 202
        bot.settles().waits(60)
        assert rollbacks(town, "all") == []
    bot.waits(600).sweeps()
    assert [each.title for each in rollbacks(town, "all")] == ["Roll back api to 7.0.0 in staging"]
