"""`/promote` and `/help`: a reaction at once, one answer, and who may."""

from __future__ import annotations

import pytest

from tests.stories.cast import RULES, Bot, Town

ASKED = RULES.replace("    auto_promote: true\n", "")


@pytest.fixture
def merged_dev(bot: Bot, town: Town):
    """dev runs a release; staging waits to be asked."""
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": ASKED}, by="ana")
    bot.settles()
    town.release(api="a", web="c")
    bot.settles().waits(60)  # the push to main is reported by now
    return town.pull("dev", "merged")


def answers(pull) -> list[str]:
    return [comment.body for comment in pull.comments if "lockstep:answer" in comment.body]


def test_promote_on_the_merged_pull_request_opens_the_next_environment_s(bot: Bot, town: Town, merged_dev):
    town.github.comment(merged_dev, "ana", "/promote")
    bot.settles()
    opened = town.pull("staging")
    assert opened.title == "Promote api 7.0.0, web 7.0.0 to staging"
    (answer,) = answers(merged_dev)
    assert f"#{opened.number}: Promote api 7.0.0, web 7.0.0 to staging" in answer

    with town.expect_no_writes():
        bot.sweeps()


def test_the_command_gets_a_reaction(bot: Bot, town: Town, merged_dev):
    comment = town.github.comment(merged_dev, "ana", "/promote")
    bot.settles()
    assert [reaction.content for reaction in comment.reactions] == ["+1"]


def test_only_the_named_component_moves(bot: Bot, town: Town, merged_dev):
    town.github.comment(merged_dev, "ana", "/promote staging web")
    bot.settles()
    assert town.pull("staging").title == "Promote web 7.0.0 to staging"


def test_who_asked_is_on_record_and_in_the_commit(bot: Bot, town: Town, merged_dev):
    town.github.comment(merged_dev, "ana", "/promote")
    bot.settles()
    opened = town.pull("staging")
    message = town.github.repo("splattop/config").git.commit(opened.head_sha).message
    ana = town.github.user("ana")
    assert f"Requested-By: @ana ({ana.id})" in message


def test_case_67_a_reader_is_refused_and_told_who_may(bot: Bot, town: Town, merged_dev):
    town.github.comment(merged_dev, "ben", "/promote")
    bot.settles()
    assert town.pulls("open") == []
    (answer,) = answers(merged_dev)
    assert "`/promote` needs write permission on this repository" in answer
    assert [decision for decision, _ in bot.ledger("command_promote")] == ["refused"]


def test_names_are_understood_in_any_case(bot: Bot, town: Town, merged_dev):
    town.github.comment(merged_dev, "ana", "/Promote Staging API")
    bot.settles()
    opened = town.pull("staging")
    assert opened.title == "Promote api 7.0.0 to staging"
    town.github.comment(opened, "ana", "/HOLD Staging Reason: The Fair\n/Rollback API To:1.0.0 REASON: x")
    bot.settles()
    (held,) = bot.store.holds.active(town.github.repo("splattop/config").id)
    assert (held.environment, held.reason) == ("staging", "The Fair")
    assert "`API`" not in "".join(answers(opened))


def test_promote_with_nothing_to_promote_says_so(bot: Bot, town: Town, merged_dev):
    town.github.comment(merged_dev, "ana", "/promote")
    bot.settles()
    town.github.merge(town.pull("staging"), by="ana")
    bot.settles()
    town.github.comment(merged_dev, "ana", "/promote")
    bot.settles()
    assert "already runs what dev runs" in answers(merged_dev)[-1]


def test_an_unknown_word_gets_a_near_miss(bot: Bot, town: Town, merged_dev):
    town.github.comment(merged_dev, "ana", "/promote stagging")
    bot.settles()
    (answer,) = answers(merged_dev)
    assert "Did you mean `staging`?" in answer


def test_help_lists_the_commands(bot: Bot, town: Town, merged_dev):
    town.github.comment(merged_dev, "ben", "/help")
    bot.settles()
    (answer,) = answers(merged_dev)
    assert "`/promote [environment] [component…]`" in answer


def test_case_65_a_quoted_command_is_not_obeyed(bot: Bot, town: Town, merged_dev):
    town.github.comment(merged_dev, "ana", "> /promote\n\nI would not do that yet.")
    with town.expect_no_writes():
        bot.settles()


def test_case_64_an_edited_comment_never_executes(bot: Bot, town: Town, merged_dev):
    comment = town.github.comment(merged_dev, "ana", "let us wait")
    bot.settles()
    town.github.edit_comment(comment, "ana", "/promote")
    with town.expect_no_writes():
        bot.settles()


def test_case_63_a_bot_s_command_is_not_obeyed(bot: Bot, town: Town, merged_dev):
    from bot.sandbox import actions

    with town.github.world.lock:
        actor = town.github.as_app("splattop/config", town.app)
        actions.comment(town.github.world, actor, merged_dev, "/promote")
    with town.expect_no_writes():
        bot.settles()


def test_case_42_a_digest_that_dev_does_not_run_by_a_release_is_not_promoted(
    bot: Bot, town: Town, merged_dev
):
    data = town.values("dev").replace("a" * 64, "e" * 64)
    town.github.push("splattop/config", "main", {"helm/values-dev.yaml": data.encode()}, by="ana")
    bot.settles()
    town.github.comment(merged_dev, "ana", "/promote staging api")
    bot.settles()
    assert town.pulls("open") == []
    assert "no accepted release handed over api" in answers(merged_dev)[-1]
