"""What a refusal leaves in the ledger, field by field: AUD of attack cases 42, 59, 60, 63, 67 and 68.

Exactly one row: the event, the numeric id of who did it, the decision, the reason, the delivery that told of it, the
repository, the pull request and its head.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.model.ledger import LedgerEntry
from bot.sandbox import actions
from bot.sandbox.state import App, Pull
from tests.builders import digest
from tests.stories.cast import RULES, Bot, Town
from tests.stories.test_gates import GOOD, built, demand, lcov
from tests.stories.test_rollback import moves, rollbacks

RULES_FILE = "promotion/promotion-rules.yaml"


@pytest.fixture
def staging(bot: Bot, town: Town) -> Pull:
    """Staging's pull request waits for one of the platform team."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    town.release(api="a")
    bot.settles()
    town.github.advance(60)
    return town.pull("staging")


@pytest.fixture
def low(bot: Bot, town: Town) -> Pull:
    """Staging demands 70% coverage, the release has 60%, and the platform team may override."""
    for login in ("cho", "eve"):
        town.github.user(login)
        town.github.grant(login, "splattop/config", "write")
    town.github.team("splattop/platform", members=["ana", "cho"])
    demand(
        town, "coverage: {min_percent: 70}", top="commands: {override: [platform], override_expires: 1h}\n"
    )
    built(town, {**GOOD, "coverage": {"lcov.info": lcov(6, 10)}})
    bot.settles()
    town.github.advance(60)
    return town.pull("staging")


def told(bot: Bot, town: Town, event: str, act: Callable[[], object]) -> str:
    """Somebody does something; the id of the delivery that tells of it, after the bot has settled."""
    act()
    deliveries = town.github.webhooks.take()
    for each in deliveries:
        bot.receives(each)
    bot.settles()
    (found,) = [each.guid for each in deliveries if each.event == event]
    return found


def only(bot: Bot, event: str, decision: str = "refused") -> LedgerEntry:
    """The one row of that event and decision."""
    rows = [row.entry for row in bot.store.ledger.rows()]
    found = [row for row in rows if (row.event, row.decision) == (event, decision)]
    assert len(found) == 1, f"{len(found)} rows {event} {decision}; {[(r.event, r.decision) for r in rows]}"
    return found[0]


def expect_row(
    row: LedgerEntry, town: Town, pull: Pull, *, by: int | None, says: str, delivery: str | None
) -> None:
    """Every field that the case names."""
    assert row.actor_id == by
    assert says in row.reason
    assert row.delivery_id == delivery
    assert row.repository_id == town.github.repo("splattop/config").id
    assert (row.pull_number, row.head_sha) == (pull.number, pull.head_sha)


def person(town: Town, login: str) -> int:
    return town.github.user(login).id


def test_case_42_a_promote_of_what_dev_does_not_run_by_a_release_is_one_row(bot: Bot, town: Town):
    asked = RULES.replace("    auto_promote: true\n", "")
    town.github.push("splattop/config", "main", {RULES_FILE: asked}, by="ana")
    bot.settles()
    town.release(api="a", web="c")
    bot.settles()
    merged = town.pull("dev", "merged")
    data = town.values("dev").replace("a" * 64, "e" * 64)
    town.github.push("splattop/config", "main", {"helm/values-dev.yaml": data.encode()}, by="ana")
    bot.settles()
    delivery = told(
        bot, town, "issue_comment", lambda: town.github.comment(merged, "ana", "/promote staging api")
    )
    says = "no accepted release handed over api"
    expect_row(only(bot, "promote"), town, merged, by=person(town, "ana"), says=says, delivery=delivery)
    assert town.pulls("open") == []
    with town.expect_no_writes():
        bot.sweeps()
    assert only(bot, "promote")


def test_a_promote_that_opens_its_pull_request_is_one_row_too(bot: Bot, town: Town):
    asked = RULES.replace("    auto_promote: true\n", "")
    town.github.push("splattop/config", "main", {RULES_FILE: asked}, by="ana")
    bot.settles()
    town.release(api="a")
    bot.settles()
    merged = town.pull("dev", "merged")
    delivery = told(bot, town, "issue_comment", lambda: town.github.comment(merged, "ana", "/promote"))
    expect_row(
        only(bot, "promote", "done"), town, merged, by=person(town, "ana"), says="7.0.0", delivery=delivery
    )


def test_case_42_a_rollback_to_what_never_ran_there_is_one_row(bot: Bot, town: Town):
    moves(bot, town, api="a")
    newest = moves(bot, town, api="b")
    text = f"/rollback api to:{digest('e')} reason: please"
    delivery = told(bot, town, "issue_comment", lambda: town.github.comment(newest, "ana", text))
    row = only(bot, "rollback")
    expect_row(row, town, newest, by=person(town, "ana"), says="never ran api", delivery=delivery)
    assert rollbacks(town) == []


@pytest.mark.parametrize(
    ("login", "member", "says"),
    [
        ("ben", True, "ben has read permission, and this needs write"),
        ("cho", False, "cho is not in the role platform"),
    ],
    ids=["a reader", "a writer outside the role"],
)
def test_case_59_an_approving_review_that_does_not_count_is_one_row(
    bot: Bot, town: Town, staging: Pull, login: str, member: bool, says: str
):
    if member:
        town.github.join("splattop/platform", login)
        bot.settles()
    delivery = told(bot, town, "pull_request_review", lambda: town.github.review(staging, by=login))
    row = only(bot, "approval_not_counted")
    expect_row(row, town, staging, by=person(town, login), says=says, delivery=delivery)
    bot.sweeps()
    assert only(bot, "approval_not_counted")
    assert not staging.merged


@pytest.mark.parametrize("trouble", [403, "unseen"])
def test_case_60_a_membership_that_cannot_be_verified_is_one_row_and_asked_again(
    bot: Bot, town: Town, staging: Pull, trouble: int | str
):
    """`unseen`: GitHub answers as for a team that does not exist, which says nothing about its members."""
    team = town.github.world.teams["splattop/platform"]
    if trouble == "unseen":
        with town.github.world.lock:
            town.github.world.teams.pop("splattop/platform")
    else:
        town.github.faults.fails(int(trouble), operation="Teams", times=1)
    town.github.review(staging, by="ana")
    bot.settles()
    assert not staging.merged
    row = only(bot, "approval_unverified")
    expect_row(row, town, staging, by=None, says="annot verify membership of ana", delivery=None)
    assert town.check(staging, "lockstep: main / approvals") == ("completed", "failure")
    with town.github.world.lock:
        town.github.world.teams["splattop/platform"] = team
    bot.waits(600)
    assert staging.merged


def test_case_60_while_github_fails_to_answer_the_check_run_fails_and_nothing_is_merged(
    bot: Bot, town: Town, staging: Pull
):
    town.github.faults.fails(502, operation="Teams", times=20)
    town.github.review(staging, by="ana")
    bot.settles()
    for _ in range(4):
        bot.waits(30)
    assert town.check(staging) == ("completed", "failure")
    assert not staging.merged
    town.github.faults.clear()
    bot.waits(600)
    assert staging.merged


@pytest.mark.parametrize("who", ["another app", "github-actions[bot]"])
def test_case_63_a_bot_s_approving_review_is_one_row(
    bot: Bot, town: Town, staging: Pull, private_key: str, who: str
):
    helper = robot(town, private_key, "github-actions" if who != "another app" else "helper")

    def approves() -> None:
        with town.github.world.lock:
            actor = town.github.as_app("splattop/config", helper)
            actions.review(town.github.world, actor, staging, "APPROVE")

    delivery = told(bot, town, "pull_request_review", approves)
    row = only(bot, "approval_not_counted")
    expect_row(row, town, staging, by=helper.bot.id, says="bots never count", delivery=delivery)
    assert not staging.merged


def robot(town: Town, private_key: str, name: str) -> App:
    """Another app, installed with the right to review."""
    rights = {"pull_requests": "write", "contents": "write", "metadata": "read"}
    found = town.github.app(4712, private_key, "s", name=name, permissions=rights, events=[])
    town.github.install(found, "splattop")
    return found


def test_case_63_one_person_s_review_and_comment_are_one_voice_of_two(bot: Bot, town: Town):
    two = RULES.replace("{role: platform, count: 1}", "{role: platform, count: 2}")
    town.github.push("splattop/config", "main", {RULES_FILE: two}, by="ana")
    bot.settles()
    town.release(api="a")
    bot.settles()
    town.github.advance(60)
    pull = town.pull("staging")
    town.github.review(pull, by="ana")
    town.github.comment(pull, "ana", "/approve")
    bot.settles()
    assert not pull.merged
    rows = [row.entry for row in bot.store.ledger.rows() if row.entry.event == "approval"]
    assert {row.actor_id for row in rows} == {person(town, "ana")}
    assert "Waits for: 1 of platform" in str(town.checks(pull)["lockstep: main / approvals"].output["title"])


DENIED = [
    ("promote", "/promote staging", "`/promote` needs write permission"),
    ("override", "/override coverage reason: in a hurry", "`/override` needs write permission"),
    ("rollback", "/rollback reason: in a hurry", "`/rollback` needs write permission"),
    ("approve", "/approve", "`/approve` needs write permission"),
    ("hold", "/hold", "`/hold` needs write permission"),
]


@pytest.mark.parametrize("who", ["stranger", "ben"])
@pytest.mark.parametrize(("command", "text", "says"), DENIED, ids=[each[0] for each in DENIED])
def test_case_67_a_denied_command_is_one_reply_and_one_row(
    bot: Bot, town: Town, staging: Pull, who: str, command: str, text: str, says: str
):
    """Each cell of the table is held by tests/decide/approvals/test_permissions.py, this is the way to it."""
    town.github.user(who)
    town.github.repo("splattop/config").private = False  # else a stranger could say nothing at all
    before = len(town.writes())
    delivery = told(bot, town, "issue_comment", lambda: town.github.comment(staging, who, text))
    row = only(bot, f"command_{command}")
    expect_row(row, town, staging, by=person(town, who), says=says, delivery=delivery)
    assert len([each for each in staging.comments if "lockstep:answer" in each.body]) == 1
    assert len(town.writes()) == before + 2  # the reaction and the reply
    assert not staging.merged


@pytest.mark.parametrize(
    ("text", "event", "says"),
    [
        ("/override coverage", "command_override", "reason"),
        ('/override coverage --reason ""', "command_override", "its reason is empty"),
        ("/override coverage reason:   ", "command_override", "reason"),
        ("/override coverage reason: \u200b\u200b", "command_override", "its reason is empty"),
        (f"/override coverage reason: {'x' * 10_000}", "command_override", "longer than 2,000 characters"),
        ("/override approvals reason: hurry", "override", "`approvals` cannot be overridden by anybody"),
        ("/override guards reason: hurry", "override", "`guards` cannot be overridden by anybody"),
        ("/override nothing reason: hurry", "override", "`nothing` is no gate that can be overridden"),
    ],
    ids=["none", "empty quotes", "whitespace", "zero width", "10 KB", "approvals", "guards", "unknown"],
)
def test_case_68_what_is_no_override_is_one_row(
    bot: Bot, town: Town, low: Pull, text: str, event: str, says: str
):
    run = town.checks(low)["lockstep: main / gates"].id
    delivery = told(bot, town, "issue_comment", lambda: town.github.comment(low, "cho", text))
    expect_row(only(bot, event), town, low, by=person(town, "cho"), says=says, delivery=delivery)
    assert town.checks(low)["lockstep: main / gates"].id == run
    assert town.check(low, "lockstep: main / gates") == ("completed", "failure")
