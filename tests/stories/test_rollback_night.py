"""A bad night: rollbacks beside what changes, is open or is taken back meanwhile (R6, B3, G4, B5)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import RULES, Bot, Town
from tests.stories.test_alerts import SWITCHED_ON, alert, notification, posts, ruled
from tests.stories.test_overrides import says
from tests.stories.test_rollback import SAY, moves, rollbacks

BY_ITSELF = RULES.replace("    merge: approved\n", "    merge: auto\n").replace(
    "    approvals: [{role: platform, count: 1}]\n", ""
)


@pytest.fixture(autouse=True)
def cho(town: Town) -> None:
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")


def test_an_automatic_rollback_that_is_open_when_it_is_switched_off_waits_for_a_person(bot: Bot, town: Town):
    ruled(bot, town, BY_ITSELF + SWITCHED_ON)
    bot.waits(60)
    for components in ({"api": "a", "web": "c"}, {"api": "b"}):
        town.release(**components)
        bot.settles()
        town.github.advance(300)
    town.github.ci_for("splattop/config", [])
    posts(bot, notification(alert(bot)))
    bot.settles()
    (back,) = rollbacks(town)
    ruled(bot, town, BY_ITSELF + SWITCHED_ON.replace("automatic: true", "automatic: false"))
    bot.waits(60)
    town.github.ci_for("splattop/config", ["helm-lint"])
    town.github.run_ci("splattop/config", back.head_sha)
    bot.settles().waits(60)
    assert not back.merged
    assert town.check(back) == ("completed", "action_required")
    assert "`environments.staging.rollback.automatic` is off" in str(
        town.checks(back)["lockstep: main / approvals"].output
    )
    town.github.review(back, "cho")
    bot.settles()
    assert back.merged
    assert digest("a") in town.values("staging")


def test_a_commit_that_a_person_added_to_a_promotion_hides_nothing_from_its_rollback(bot: Bot, town: Town):
    ruled(bot, town, RULES + SWITCHED_ON)
    moves(bot, town, api="a", web="c")
    town.release(api="b")
    bot.settles()
    found = town.pull("staging")
    town.github.advance(5)
    town.github.push("splattop/config", found.head_ref, {"NOTES.md": "looked at\n"}, by="cho")
    bot.settles()
    town.github.advance(5)
    town.github.merge(found, "ana")
    bot.settles()
    town.github.advance(300)
    posts(bot, notification(alert(bot)))
    bot.settles()
    (back,) = rollbacks(town)
    assert back.title == "Roll back api to 7.0.0 in staging"


def newer(bot: Bot, town: Town) -> tuple[Pull, Pull]:
    """staging runs its second release of api; its pull request, and the open one of the third."""
    moves(bot, town, api="a", web="c")
    second = moves(bot, town, api="b")
    town.release(api="d")
    bot.settles()
    return second, town.pull("staging")


def test_a_newer_promotion_that_is_open_waits_and_goes_on_when_it_is_let_go(bot: Bot, town: Town):
    second, third = newer(bot, town)
    says(bot, town, second, "cho", SAY)
    (back,) = rollbacks(town)
    town.github.advance(5)
    town.github.review(third, "ana")
    bot.settles()
    assert not third.merged
    town.github.review(back, "ana")
    bot.settles()
    assert (back.merged, third.merged) == (True, False)
    assert "7.0.0" in third.body
    town.github.advance(5)
    says(bot, town, back, "ana", "/unhold staging")
    town.github.advance(5)
    if not third.merged:
        town.github.review(third, "ana")
        bot.settles()
    assert third.merged
    assert digest("d") in town.values("staging")
    with town.expect_no_writes():
        bot.waits(600).sweeps()


def held(bot: Bot, town: Town) -> tuple[int, int]:
    """How many vetoes and holds are in force."""
    config = town.github.repo("splattop/config").id
    return len(bot.store.vetoes.active(config)), len(bot.store.holds.active(config))


def test_who_may_not_roll_back_lifts_no_veto_by_closing_the_rollback(bot: Bot, town: Town):
    ruled(bot, town, RULES + "commands: {rollback: [platform]}\n")
    moves(bot, town, api="a", web="c")
    second = moves(bot, town, api="b")
    says(bot, town, second, "ana", SAY)
    (back,) = rollbacks(town)
    town.github.close(back, "cho")
    bot.settles()
    assert held(bot, town) == (1, 1)
    assert "`cho` closed it, who may not roll staging back" in back.comments[-1].body
    assert "is for the role platform" in back.comments[-1].body
    (row,) = bot.store.ledger.rows(event="rollback_closed")
    assert row.entry.actor_login == "cho"
    with town.expect_no_writes():
        bot.waits(3600).sweeps()
    assert "may be proposed again" in says(bot, town, back, "ana", "/veto lift api reason: it was the CDN")


def test_a_closing_that_nothing_has_told_of_lifts_nothing_before_it_is_known_who_did_it(bot: Bot, town: Town):
    moves(bot, town, api="a", web="c")
    second = moves(bot, town, api="b")
    says(bot, town, second, "ana", SAY)
    (back,) = rollbacks(town)
    town.github.close(back, "cho")
    late = town.github.webhooks.take()
    bot.sweeps()
    assert (bot.store.rollbacks.of(back.repo.id, "staging")[0].state.value, held(bot, town)) == (
        "closed",
        (1, 1),
    )
    for each in late:
        bot.receives(each)
    bot.settles()
    assert held(bot, town) == (0, 0)
    lifted = [row.entry for row in bot.store.ledger.rows(event="veto_lifted")]
    assert [each.pull_number for each in lifted] == [back.number]
