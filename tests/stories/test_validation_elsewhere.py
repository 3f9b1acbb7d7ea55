"""The override where the check run stands, on a blocked pull request; and nothing of it unaudited (C4, case 97)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.stories.cast import Bot, Town
from tests.stories.test_audit import ledger_refuses
from tests.stories.trouble import HOUR
from tests.stories.validating import CHECK, FAILED, FRONTEND, asks, gate, incidents, move_in, validated

SAY = "/override validation reason: CDN fix is urgent, we accept the risk"


@pytest.fixture
def blocked(bot: Bot, town: Town) -> Pull:
    """The frontend's pull request, whose check run is red."""
    move_in(bot)
    validated(town, FAILED)
    town.github.push(FRONTEND, "topic", {"index.html": "<p>new</p>\n"}, by="dev")
    found = town.github.open_pull(FRONTEND, head="topic", by="dev")
    bot.settles()
    assert check(town, found) == "failure"
    return found


def check(town: Town, pull: Pull) -> str | None:
    return town.github.checks(FRONTEND, pull.head_sha)[CHECK].conclusion


def says(bot: Bot, pull: Pull, by: str, text: str) -> list[str]:
    """Somebody comments; what the bot has said there by then."""
    bot.town.github.comment(pull, by, text)
    bot.settles()
    return [each.body for each in pull.comments if each.user.login == "lockstep[bot]"]


def test_it_is_obeyed_on_the_frontends_pull_request(bot: Bot, town: Town, blocked: Pull) -> None:
    summary = str(town.github.checks(FRONTEND, blocked.head_sha)[CHECK].output["summary"])
    assert "or a pull request of a blocked repository" in summary
    (said,) = says(bot, blocked, "cho", SAY)
    assert "@cho\nDeployments may pass the failed validation of `deploy-12345` until" in said
    assert [each.content for each in blocked.comments[0].reactions] == ["+1"]
    assert (check(town, blocked), gate(town)[0]) == ("success", "success")
    (row,) = [each.entry for each in bot.store.ledger.rows(event="validation_overridden")]
    assert (row.actor_login, row.decision, row.details["deployment"]) == ("cho", "done", "deploy-12345")
    assert "overridden by `cho`" in (incidents(town)[0].body or "")
    with town.expect_no_writes():
        bot.sweeps()


def test_it_is_taken_back_there(bot: Bot, town: Town, blocked: Pull) -> None:
    says(bot, blocked, "cho", SAY)
    assert "blocked again" in says(bot, blocked, "cho", "/override cancel validation")[-1]
    assert check(town, blocked) == "failure"


@pytest.mark.parametrize(
    ("by", "text", "why"),
    [
        ("cho", "/override validation reason: ok", "must acknowledge the failure"),
        ("cho", "/override validation", "needs a reason"),
        ("ana", SAY, "is for the role sre"),
        ("dev", SAY, "needs write permission"),
    ],
)
def test_the_same_refusals_stand_there(
    bot: Bot, town: Town, blocked: Pull, by: str, text: str, why: str
) -> None:
    (said,) = says(bot, blocked, by, text)
    assert why in said
    assert check(town, blocked) == "failure"
    assert [each for each, _ in bot.ledger("validation_overridden")].count("done") == 0


@pytest.mark.parametrize(
    "text", ["/override reason: we accept the risk", "/ack", "/promote staging", f"> {SAY}"]
)
def test_what_does_not_name_the_gate_is_nobodys_there(bot: Bot, town: Town, blocked: Pull, text: str) -> None:
    assert says(bot, blocked, "cho", text) == []
    assert check(town, blocked) == "failure"


def test_case_64_an_edit_into_the_command_does_nothing_there(bot: Bot, town: Town, blocked: Pull) -> None:
    comment = town.github.comment(blocked, "cho", "looking")
    bot.settles()
    town.github.edit_comment(comment, "cho", SAY)
    bot.settles()
    assert check(town, blocked) == "failure"


def test_where_nothing_failed_it_says_so(bot: Bot, town: Town) -> None:
    move_in(bot)
    town.github.push(FRONTEND, "topic", {"index.html": "<p>new</p>\n"}, by="dev")
    pull = town.github.open_pull(FRONTEND, head="topic", by="dev")
    bot.settles()
    assert "No failed validation stands" in says(bot, pull, "cho", SAY)[-1]


def test_a_repository_that_is_not_blocked_has_no_such_command(bot: Bot, town: Town) -> None:
    move_in(bot)
    validated(town, FAILED)
    town.github.push("splattop/infra", "topic", {"main.tf": "# 2\n"}, by="dev")
    pull = town.github.open_pull("splattop/infra", head="topic", by="dev")
    bot.settles()
    assert says(bot, pull, "cho", SAY) == []
    assert gate(town)[0] == "failure"


def test_case_97_an_override_that_cannot_be_written_down_lets_nothing_pass(
    bot: Bot, town: Town, blocked: Pull, database_url: str
) -> None:
    with ledger_refuses(database_url, "validation_overridden"):
        assert says(bot, blocked, "cho", SAY) == []
        request = asks(town)
        bot.settles()
        assert (check(town, blocked), request.state) == ("failure", "pending")
    bot.waits(HOUR).sweeps()
    assert check(town, blocked) == "success"
    assert [each for each, _ in bot.ledger("validation_overridden")] == ["done"]


def test_case_97_a_failure_that_cannot_be_written_down_opens_nothing(
    bot: Bot, town: Town, database_url: str
) -> None:
    move_in(bot)
    with ledger_refuses(database_url, "validation_%"):
        validated(town, FAILED)
        bot.settles()
        request = asks(town)
        bot.settles()
        assert (request.state, incidents(town)) == ("pending", [])
    bot.waits(HOUR).sweeps()
    assert request.state == "rejected"
    assert len(incidents(town)) == 1
    assert [each for each, _ in bot.ledger("validation_failed")] == ["done"]
