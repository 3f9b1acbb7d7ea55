"""A pull request is merged in the very moment in which a newer release is written into it (rows R2, P11)."""

from __future__ import annotations

from bot.model.release import PromotionState
from tests.builders import digest
from tests.stories.cast import Bot, Town


def merged_while_rewritten(bot: Bot, town: Town) -> int:
    """Release a is merged just before its branch moves to release c; the pull request's number."""
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    first = town.pull("dev")
    town.github.faults.before(
        lambda _call: town.github.merge(first, "ana") and None, method="POST", path_pattern="/git/commits"
    )
    town.release(api="c")
    bot.waits(1).waits(1)
    assert first.merged
    return first.number


def test_the_newer_release_still_gets_its_pull_request(bot: Bot, town: Town):
    merged_while_rewritten(bot, town)
    assert digest("a") in town.values("dev")
    assert digest("c") in town.values("dev", town.pull("dev").head_ref)


def test_the_merged_pull_request_keeps_its_title(bot: Bot, town: Town):
    number = merged_while_rewritten(bot, town)
    assert [each.title for each in town.pulls("all") if each.number == number] == ["Promote api 7.0.0 to dev"]


def test_the_record_says_what_was_merged_not_what_was_written_too_late(bot: Bot, town: Town):
    number = merged_while_rewritten(bot, town)
    promotion = bot.store.promotions.by_pull(town.github.repo("splattop/config").id, number)
    assert promotion is not None
    assert promotion.state is PromotionState.MERGED
    assert {name: tag.digest for name, tag in promotion.components.items()} == {"api": digest("a")}
