"""Whose yes counts and whose does not: reviews that say nothing, edits, teams, and who asked (cases 54, 58, 61, 64)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.stories.cast import RULES, Bot, Town
from tests.stories.test_approvals import CHECK, outcome, proposed, ruled, summary, title

WAITS = "Waits for: 1 of platform (members of splattop/platform may)"
HELD = "lockstep:hold"


@pytest.fixture
def staging(bot: Bot, town: Town) -> Pull:
    """Staging's pull request waits for one of the platform team (ana, cho), and is held once it is green."""
    for login in ("cho", "eve"):
        town.github.user(login)
        town.github.grant(login, "splattop/config", "write")
    town.github.join("splattop/platform", "cho")
    pull = proposed(bot, town)
    town.github.label(pull, "eve", HELD)
    bot.settles()
    town.github.advance(60)
    return pull


def approves(bot: Bot, town: Town, pull: Pull, by: str = "ana"):
    """Somebody comments `/approve`, and it counts."""
    comment = town.github.comment(pull, by, "/approve")
    bot.settles()
    assert outcome(town, pull) == ("completed", "success")
    town.github.advance(60)
    return comment


def still_waits(bot: Bot, town: Town, pull: Pull) -> None:
    """Nobody's yes counts: nothing is merged when the hold ends, and looking again is quiet."""
    bot.settles()
    town.github.unlabel(pull, "eve", HELD)
    bot.settles().sweeps()
    assert not pull.merged
    assert (outcome(town, pull), title(town, pull)) == (("completed", "action_required"), WAITS)
    with town.expect_no_writes():
        bot.sweeps()


def goes_on(bot: Bot, town: Town, pull: Pull, by: str = "cho") -> None:
    """A valid approval afterwards is processed normally."""
    town.github.advance(60)
    town.github.review(pull, by=by)
    bot.settles()
    assert pull.merged


@pytest.mark.parametrize("state", ["COMMENTED", "PENDING", "DISMISSED"])
def test_case_58_a_review_that_approves_nothing_does_not_count(
    bot: Bot, town: Town, staging: Pull, state: str
):
    if state == "COMMENTED":
        town.github.review(staging, by="ana", event="COMMENT", body="looks good to me, approve")
    elif state == "PENDING":
        town.github.review(staging, by="ana", event=None, body="not submitted yet")
    else:
        town.github.dismiss(town.github.review(staging, by="ana"), by="root")
    still_waits(bot, town, staging)
    goes_on(bot, town, staging)


def test_case_58_an_approval_that_is_dismissed_later_no_longer_counts(bot: Bot, town: Town, staging: Pull):
    review = town.github.review(staging, by="ana")
    bot.settles()
    assert outcome(town, staging) == ("completed", "success")
    town.github.dismiss(review, by="root")
    still_waits(bot, town, staging)
    goes_on(bot, town, staging)


def test_case_58_an_approver_who_requests_changes_later_blocks(bot: Bot, town: Town, staging: Pull):
    town.github.review(staging, by="ana")
    bot.settles()
    town.github.advance(60)
    town.github.review(staging, by="ana", event="REQUEST_CHANGES", body="wait, no")
    town.github.review(staging, by="cho")
    town.github.unlabel(staging, "eve", HELD)
    bot.settles()
    assert not staging.merged
    assert outcome(town, staging) == ("completed", "failure")
    goes_on(bot, town, staging, by="ana")


def test_case_58_approve_cancel_takes_the_approval_back(bot: Bot, town: Town, staging: Pull):
    approves(bot, town, staging)
    town.github.comment(staging, "ana", "/approve cancel")
    still_waits(bot, town, staging)
    goes_on(bot, town, staging)


@pytest.mark.parametrize("how", ["review", "comment"])
def test_case_58_an_approval_of_another_pull_request_with_the_same_head_does_not_count(
    bot: Bot, town: Town, staging: Pull, how: str
):
    town.github.push("splattop/config", "elsewhere", {"README.md": "# else\n"}, by="eve")
    twin = town.github.open_pull("splattop/config", staging.head_ref, "eve", base="elsewhere")
    assert twin.head_sha == staging.head_sha
    bot.settles()
    town.github.advance(60)
    if how == "review":
        town.github.review(twin, by="ana")
    else:
        town.github.comment(twin, "ana", "/approve")
    still_waits(bot, town, staging)
    goes_on(bot, town, staging)


def test_case_61_a_member_of_a_child_team_counts_for_its_parent(bot: Bot, town: Town, staging: Pull):
    """GitHub counts a child team's members among its parent's, and so does Lockstep (README, "Approvals")."""
    town.github.team("splattop/platform-night", members=["eve"], parent="splattop/platform")
    town.github.unlabel(staging, "eve", HELD)
    town.github.review(staging, by="eve")
    bot.settles()
    assert staging.merged


def test_case_61_a_member_of_the_parent_does_not_count_for_a_child_team(bot: Bot, town: Town, staging: Pull):
    ruled(bot, town, RULES.replace("teams: [splattop/platform]", "teams: [splattop/platform-night]"))
    town.github.team("splattop/platform-night", members=["eve"], parent="splattop/platform")
    town.github.review(staging, by="ana")
    town.github.unlabel(staging, "eve", HELD)
    bot.settles()
    assert not staging.merged
    assert "ana is not in the role platform" in summary(town, staging)
    goes_on(bot, town, staging, by="eve")


def test_case_61_who_is_only_invited_into_the_team_does_not_count(bot: Bot, town: Town, staging: Pull):
    town.github.invite("splattop/platform", "eve")
    town.github.review(staging, by="eve")
    still_waits(bot, town, staging)
    town.github.join("splattop/platform", "eve")
    town.github.label(staging, "ana", "look")
    bot.settles()
    assert staging.merged


def test_case_61_who_was_demoted_after_approving_does_not_count_at_the_merge(
    bot: Bot, town: Town, staging: Pull
):
    town.github.review(staging, by="ana")
    bot.settles()
    assert outcome(town, staging) == ("completed", "success")
    town.github.grant("ana", "splattop/config", "read")
    still_waits(bot, town, staging)
    assert "ana has read permission, and this needs write" in summary(town, staging)
    goes_on(bot, town, staging)


@pytest.mark.parametrize("text", ["/approve please", "never mind", "/approve\n\n(after a second look)"])
def test_case_64_an_approve_that_its_author_edits_is_withdrawn(
    bot: Bot, town: Town, staging: Pull, text: str
):
    comment = approves(bot, town, staging)
    town.github.edit_comment(comment, "ana", text)
    still_waits(bot, town, staging)
    assert "ana edited the `/approve`, which takes it back" in summary(town, staging)
    goes_on(bot, town, staging, by="ana")


@pytest.mark.parametrize("by", ["ana", "eve"])
def test_case_64_an_approve_that_is_deleted_is_withdrawn(bot: Bot, town: Town, staging: Pull, by: str):
    comment = approves(bot, town, staging)
    town.github.delete_comment(comment, by)
    still_waits(bot, town, staging)
    goes_on(bot, town, staging)


@pytest.mark.parametrize("editor", ["ana", "eve"], ids=["its author", "a maintainer"])
@pytest.mark.parametrize("command", ["/approve", "/override helm-lint reason: now", "/hold"])
def test_case_64_what_is_edited_into_a_command_never_executes(
    bot: Bot, town: Town, staging: Pull, editor: str, command: str
):
    comment = town.github.comment(staging, "ana", "I shall look at it")
    bot.settles()
    town.github.edit_comment(comment, editor, command)
    with town.expect_no_writes():
        bot.settles().sweeps()
    assert [
        each for each in ("command_approve", "command_override", "command_hold") if bot.ledger(each)
    ] == []
    town.github.unlabel(staging, "eve", HELD)
    goes_on(bot, town, staging)


def test_case_64_a_foreign_edit_of_an_approval_fails_and_is_one_row_with_the_editor(
    bot: Bot, town: Town, staging: Pull
):
    comment = approves(bot, town, staging)
    town.github.edit_comment(comment, "eve", "/approve everything")
    bot.settles().sweeps()
    assert outcome(town, staging) == ("completed", "failure")
    (row,) = [each.entry for each in bot.store.ledger.rows() if each.entry.event == "tamper"]
    eve, config = town.github.user("eve").id, town.github.repo("splattop/config").id
    assert (row.actor_id, row.decision, row.repository_id) == (eve, "refused", config)
    assert (row.pull_number, row.head_sha) == (staging.number, staging.head_sha)
    assert "eve (" in row.reason
    assert "`/approve` of ana" in row.reason
    with town.expect_no_writes():
        bot.sweeps()


PRODUCTION = (
    RULES
    + """\
  production:
    from: staging
    values: [{file: helm/values-production.yaml, path: "{component}.image"}]
    merge: approved
    required_checks: [helm-lint]
    gates: {tests: off, coverage: off, security: off, quality: off, slo: off, error_budget: off, canary: off,
            critical_alerts: off, stability: off, image: off, metrics: off}
    soak: 0s
    approvals: [{role: platform, count: 1}]
"""
)


@pytest.mark.parametrize("who", ["who typed /promote", "who wrote the change"])
def test_case_54_production_is_not_approved_by_who_asked_or_wrote_it(bot: Bot, town: Town, who: str):
    for login in ("cho", "dev"):
        town.github.user(login)
        town.github.grant(login, "splattop/config", "write")
        town.github.join("splattop/platform", login)
    staging = town.github.file("splattop/config", "main", "helm/values-staging.yaml") or b""
    ruled(bot, town, PRODUCTION, {"helm/values-production.yaml": staging.decode()})
    town.release(api="a")
    bot.settles()
    town.github.review(town.pull("staging"), by="ana")
    bot.settles()
    town.github.advance(60)
    town.github.comment(town.pull("staging", "merged"), "cho", "/promote production")
    bot.settles()
    pull = town.pull("production")
    assert pull.user.login == "lockstep[bot]"
    town.github.advance(60)
    self_approver = {"who typed /promote": "cho", "who wrote the change": "dev"}[who]
    town.github.review(pull, by=self_approver)
    town.github.comment(pull, self_approver, "/approve")
    bot.settles().sweeps()
    assert not pull.merged
    assert town.check(pull, CHECK) == ("completed", "action_required")
    rows = [each.entry for each in bot.store.ledger.rows() if each.entry.event == "self_approval"]
    assert [(row.actor_id, row.decision, row.pull_number) for row in rows] == [
        (town.github.user(self_approver).id, "refused", pull.number)
    ]
    goes_on(bot, town, pull, by="ana")


def test_case_44_a_team_without_write_permission_of_its_own_is_no_owner_and_that_is_told_at_once(
    bot: Bot, town: Town
):
    """GitHub takes a team for an owner by the team's own permission, whatever its members may do."""
    ruled(bot, town, RULES, {".github/CODEOWNERS": "# who\nhelm/ @splattop/platform\n"})
    pull = proposed(bot, town)
    assert outcome(town, pull) == ("completed", "failure")
    assert "line 2 of .github/CODEOWNERS" in title(town, pull)
    before = [each for each in town.github.requests if each.path.endswith("/codeowners/errors")]
    bot.sweeps()
    assert len([e for e in town.github.requests if e.path.endswith("/codeowners/errors")]) == len(before) == 1
    town.github.review(pull, by="ana")
    bot.settles()
    assert not pull.merged
    town.github.grant("splattop/platform", "splattop/config", "write")
    town.github.label(pull, "ana", "look")
    bot.settles()
    assert pull.merged
