"""What GitHub says to a merge, and what becomes of it."""

from __future__ import annotations

from tests.stories.cast import Bot, Town


def test_a_merge_that_github_refuses_is_shown_and_not_tried_by_every_sweep(bot: Bot, town: Town):
    town.github.protect("splattop/config", "main", reviews=1)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    assert town.check(pull) == ("completed", "action_required")
    assert "GitHub refuses the merge" in str(town.checks(pull)["lockstep: main"].output["title"])

    with town.expect_no_writes():
        bot.sweeps()


def test_a_refused_merge_is_tried_again_when_something_happens(bot: Bot, town: Town):
    town.github.protect("splattop/config", "main", reviews=1)
    town.release(api="a")
    bot.settles()
    town.github.review(town.pull("dev"), by="ana")
    bot.settles()
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"


def test_a_base_that_was_modified_meanwhile_is_tried_again(bot: Bot, town: Town):
    town.github.faults.base_modified_on_merge()
    town.release(api="a")
    bot.settles().waits(5)
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"


def test_case_76_a_head_that_moves_before_the_merge_is_not_merged(bot: Bot, town: Town):
    town.github.grant("ana", "splattop/config", "write")
    town.github.faults.swap_head_on_merge(by="ana", files={"evil.txt": b"x"})
    town.release(api="a")
    bot.settles().waits(5)
    assert [pull.title for pull in town.pulls("merged")] == []
    assert town.check(town.pull("dev")) == ("completed", "failure")
