"""What a hotfix owes is told wherever people and machines look: the board, the safety status, `lockstep why` (B5)."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.hotfixes import approves, debts, equip, fix, hotfix, ordinary
from tests.stories.terminal import Terminal
from tests.stories.test_hotfix import covered
from tests.stories.test_overrides import says


@pytest.fixture
def hurried(bot: Bot, town: Town) -> Pull:
    """staging runs a hotfix of api that its coverage did not hold; the hotfix's pull request."""
    equip(bot, town)
    town.release(api="a")
    bot.settles()
    approves(bot, town, ordinary(town)[0])
    covered(town, bot)
    fix(town, api="b")
    bot.settles()
    pull = approves(bot, town, hotfix(town))
    assert pull.merged
    return pull


def board(bot: Bot) -> dict[str, Any]:
    """The one repository that the board shows."""
    bot.waits(10)
    (found,) = bot.client.get("/?format=json").json["repositories"]
    assert isinstance(found, dict)
    return found


def owed(bot: Bot, town: Town, pull: Pull) -> dict[str, Any]:
    """What every door tells of the one debt."""
    (debt,) = debts(bot, town)
    return {
        "environment": "staging",
        "component": "api",
        "tag": debt.tag.tag,
        "digest": digest("b"),
        "fix": debt.fix_sha,
        "pull": pull.number,
        "since": debt.since.isoformat(timespec="seconds"),
        "skipped": [{"gate": "coverage", "says": debt.gates["coverage"]}],
    }


def test_the_board_lists_it_with_its_gates_its_pull_request_and_what_to_say(
    bot: Bot, town: Town, hurried: Pull
):
    (found,) = board(bot)["guards"]["debts"]
    link = {"url": f"https://github.com/splattop/config/pull/{hurried.number}"}
    assert found["url"].endswith(f"/splattop/config/pull/{hurried.number}")
    assert {**found, **link} == {**owed(bot, town, hurried), **link, "say": "/override debt reason: "}
    page = " ".join(bot.client.get("/").text.split())
    assert "staging owes api" in page
    assert "skipped debt" in page


def test_a_skipped_gate_is_not_counted_as_passed(bot: Bot, town: Town, hurried: Pull):
    (api,) = [each for each in board(bot)["components"] if each["name"] == "api"]
    (why,) = [
        cell["why"]
        for cell in api["cells"]
        if cell and cell["why"] and cell["why"]["number"] == hurried.number
    ]
    assert why["gates"]["skipped"] == 1
    assert why["gates"]["passed"] == why["gates"]["asked"] - 1
    (said,) = why["skipped"]
    assert said.startswith("skipped debt: coverage: ")


def test_the_safety_status_lists_it(bot: Bot, town: Town, hurried: Pull):
    assert bot.client.get("/status").json["debts"] == [owed(bot, town, hurried)]


def test_lockstep_why_tells_it_in_words(bot: Bot, town: Town, hurried: Pull, terminal: Terminal):
    said = terminal.runs("why", "staging", "api").out
    assert f"staging owes api the hotfix {debts(bot, town)[0].fix_sha[:7]} of #{hurried.number}" in said
    assert "1 skipped debt" in said
    (row,) = [line for line in said.splitlines() if line.startswith("coverage")]
    assert row.split()[1] == "skipped"


def test_lockstep_why_tells_it_to_machines(bot: Bot, town: Town, hurried: Pull, terminal: Terminal):
    assert terminal.runs("why", "staging", "api", "--json").json["debts"] == [owed(bot, town, hurried)]


def test_once_it_is_paid_nobody_tells_it(bot: Bot, town: Town, hurried: Pull, terminal: Terminal):
    says(bot, town, hurried, "cho", "/rollback reason: the fix breaks the login")
    (back,) = [each for each in town.pulls() if "/rollback+" in each.head_ref]
    approves(bot, town, back)
    assert back.merged
    assert board(bot)["guards"]["debts"] == []
    assert bot.client.get("/status").json["debts"] == []
    assert terminal.runs("why", "staging", "api", "--json").json["debts"] == []
