"""What was decided on an incident is done: the rollback to its end, the fix, the override (rows C5, C6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.sandbox.argocd import ArgoCD
from bot.sandbox.state import Issue, Pull
from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.deploying import demand, equip, rolls_out
from tests.stories.test_rollback import moves, rollbacks
from tests.stories.test_validation_incident import MINUTE, answer, says, told
from tests.stories.validating import FAILED, KEYS, PASSED, gate, incidents, move_in, validated

STAGING = KEYS.replace("validation:\n", "validation:\n  environment: staging\n")
"""The validated environment is one that these rules have, so that a rollback leads there."""
DECIDE = "/decide rollback reason: checkout fails since the deploy"


@pytest.fixture
def failing(bot: Bot, town: Town) -> Issue:
    """staging has run two releases; the validation of the second failed."""
    moves(bot, town, api="a", web="c")
    moves(bot, town, api="b")
    move_in(bot, STAGING)
    validated(town, FAILED)
    bot.settles()
    (issue,) = incidents(town)
    return issue


def point(issue: Issue) -> str:
    """Where the third intervention point stands."""
    (line,) = [each for each in (issue.body or "").splitlines() if each.startswith("| 3. Action |")]
    return line.rpartition(" | ")[2].removesuffix(" |")


def merges(bot: Bot, back: Pull) -> None:
    bot.town.github.advance(5)
    bot.town.github.review(back, "ana")
    bot.settles()
    assert back.merged


def comments(issue: Issue) -> list[str]:
    return [each.body for each in issue.comments if each.user.login == "lockstep[bot]"]


def test_a_decided_rollback_is_opened_merged_and_the_action_is_done(
    bot: Bot, town: Town, failing: Issue
) -> None:
    assert point(failing) == "open"
    says(bot, failing, "cho", DECIDE)
    answered, opened = comments(failing)
    assert "Decided: roll back. The pull request that takes `staging` back is opened now" in answered
    (back,) = rollbacks(town)
    assert back.title == "Roll back api to 7.0.0 in staging"
    assert "checkout fails since the deploy" in back.body
    assert point(failing) == f"open: the rollback #{back.number} is open: Roll back api to 7.0.0 in staging"
    assert opened.endswith(f"The rollback #{back.number} is open: Roll back api to 7.0.0 in staging.")

    merges(bot, back)
    assert digest("a") in town.values("staging")
    assert point(failing).startswith(f"**done**: the rollback #{back.number} was merged at ")
    assert (failing.state, gate(town)[0]) == ("open", "failure")
    body = (failing.body or "").partition("| UTC |")[2]
    order = [
        "validation failed: ",
        "incident opened: ",
        "decided by `cho`: ",
        "action: the rollback",
        "was merged at",
    ]
    assert [body.index(each) for each in order] == sorted(body.index(each) for each in order)
    with town.expect_no_writes():
        bot.sweeps().waits(300 * MINUTE)
    assert told(bot, "incident_escalated") == []

    validated(town, PASSED, "deploy-12346")
    bot.settles()
    assert (failing.state, gate(town)[0]) == ("closed", "success")
    assert point(failing).startswith(f"**done**: the rollback #{back.number} was merged at ")
    assert [each["state"] for each in told(bot, "incident_action")] == [
        "asked",
        "open",
        "merged",
        "not watched",
    ]
    with town.expect_no_writes():
        bot.sweeps()


@pytest.fixture
def argocd(town: Town) -> Iterator[ArgoCD]:
    """A cluster on the town's clock."""
    with ArgoCD.start(town.github.world.clock.now) as found:
        yield found


def test_the_rollback_is_told_healthy_with_how_long_it_took(bot: Bot, town: Town, argocd: ArgoCD) -> None:
    equip(bot, argocd_server=argocd.url, argocd_auth_token=argocd.token)
    moves(bot, town, api="a", web="c")
    moves(bot, town, api="b")
    move_in(bot, STAGING)
    argocd.application("splattop-staging")
    rolls_out(argocd, "a")
    demand(
        town,
        "argocd: {application: splattop-staging, sync: auto}\nverify: {timeout: 10m}\n",
        environment="    merge: approved\n",
    )
    bot.waits(60)
    validated(town, FAILED)
    bot.settles()
    (issue,) = incidents(town)
    says(bot, issue, "cho", DECIDE)
    (back,) = rollbacks(town)
    merges(bot, back)
    bot.waits(30).waits(30)
    assert f"the rollback #{back.number} was merged at" in point(issue)
    assert "and is healthy after" in point(issue)
    assert "and is healthy after" in comments(issue)[-1]


def test_a_rollback_that_is_closed_leaves_the_action_open_and_reminds(
    bot: Bot, town: Town, failing: Issue
) -> None:
    says(bot, failing, "cho", DECIDE)
    (back,) = rollbacks(town)
    town.github.close(back, "ana")
    bot.settles()
    why = f"the rollback #{back.number} was closed without a merge: nothing was rolled back"
    assert point(failing) == f"open: {why}"
    assert answer(failing).endswith(f"T{why[1:]}.")
    bot.waits(61 * MINUTE)
    assert [each["stage"] for each in told(bot, "incident_escalated")] == ["action"]


def test_where_nothing_can_be_rolled_back_the_incident_says_so(bot: Bot, town: Town) -> None:
    move_in(bot, STAGING)
    validated(town, FAILED)
    bot.settles()
    (issue,) = incidents(town)
    says(bot, issue, "cho", DECIDE)
    assert rollbacks(town) == []
    assert point(issue).startswith("open: nothing was rolled back: ")
    assert "Nothing was rolled back: " in answer(issue)


def test_a_rollback_that_the_rules_do_not_let_the_person_ask_for_is_left_to_who_may(
    bot: Bot, town: Town
) -> None:
    moves(bot, town, api="a", web="c")
    moves(bot, town, api="b")
    move_in(bot, STAGING + "  rollback: [platform]\n")
    validated(town, FAILED)
    bot.settles()
    (issue,) = incidents(town)
    assert "is for the role platform" in says(bot, issue, "cho", DECIDE)
    assert rollbacks(town) == []
    assert [each["decided"] for each in told(bot, "incident_decided")] == ["rollback"]


def test_fix_forward_waits_for_the_fix_and_is_done_when_it_passes(
    bot: Bot, town: Town, failing: Issue
) -> None:
    says(bot, failing, "cho", "/decide fix-forward reason: a typo in the config")
    assert point(failing) == "open: waits for the fix, and a validation that passes"
    assert gate(town)[0] == "failure"
    validated(town, PASSED, "deploy-12346")
    bot.settles()
    assert (failing.state, point(failing), gate(town)[0]) == ("closed", "**done**", "success")


def test_an_accepted_risk_waits_for_its_override_and_is_done_with_it(
    bot: Bot, town: Town, failing: Issue
) -> None:
    says(bot, failing, "cho", "/decide accept reason: the old one is worse")
    assert point(failing) == "open: waits for the override"
    assert gate(town)[0] == "failure"
    says(bot, failing, "cho", "/override validation reason: the old one is worse, we accept the risk")
    assert point(failing).startswith("**done**: overridden by `cho` until ")
    assert gate(town)[0] == "success"
    bot.waits(4 * 60 * MINUTE + 1)
    assert point(failing) == "open: waits for the override"
    assert gate(town)[0] == "failure"
