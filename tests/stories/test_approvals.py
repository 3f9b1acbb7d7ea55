"""Approvals: who must say yes, who counts, to which content, and that staging is merged then (rows P3, R4, B1)."""

from __future__ import annotations

import pytest

from bot.model.subject import pull as pull_subject
from bot.sandbox import actions
from bot.sandbox.state import Pull
from tests.stories.cast import RULES, Bot, Town

RULES_FILE = "promotion/promotion-rules.yaml"
TWO_ROLES = RULES.replace(
    "roles:\n  platform: {teams: [splattop/platform]}\n",
    "roles:\n  platform: {teams: [splattop/platform]}\n  qa: {users: [cho, ana]}\n",
).replace(
    "    approvals: [{role: platform, count: 1}]\n",
    "    approvals: [{role: platform, count: 1}, {role: qa, count: 1}]\n",
)
CHECK = "lockstep: main / approvals"


@pytest.fixture
def staging(bot: Bot, town: Town) -> Pull:
    """A release has reached dev, and staging's pull request waits for one of the platform team."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    return proposed(bot, town)


def proposed(bot: Bot, town: Town) -> Pull:
    town.release(api="a")
    bot.settles()
    return town.pull("staging")


def ruled(bot: Bot, town: Town, rules: str, files: dict[str, str] | None = None) -> None:
    """These rules count from now on, with these other files."""
    everything = {RULES_FILE: rules, **(files or {})}
    town.github.push("splattop/config", "main", everything, by="ana", message="Change the rules")
    bot.settles()


def title(town: Town, pull: Pull) -> str:
    return str(town.checks(pull)[CHECK].output["title"])


def summary(town: Town, pull: Pull) -> str:
    return str(town.checks(pull)[CHECK].output["summary"])


def answer(pull: Pull) -> str:
    return [each.body for each in pull.comments if "lockstep:answer" in each.body][-1]


def outcome(town: Town, pull: Pull) -> tuple[str, str | None]:
    return town.check(pull, CHECK)


def test_the_check_run_says_whom_it_waits_for(town: Town, staging: Pull):
    assert title(town, staging) == "Waits for: 1 of platform (members of splattop/platform may)"
    assert outcome(town, staging) == ("completed", "action_required")


def test_an_approving_review_of_the_demanded_role_merges(bot: Bot, town: Town, staging: Pull):
    town.github.review(staging, by="ana")
    bot.settles()
    assert staging.merged
    assert "a" * 64 in town.values("staging")


def test_the_merge_commit_names_who_approved(bot: Bot, town: Town, staging: Pull):
    town.github.review(staging, by="ana")
    bot.settles()
    assert staging.merge_commit_sha is not None
    message = town.github.repo("splattop/config").git.commit(staging.merge_commit_sha).message
    assert "Approved by ana (platform)" in message


def test_an_approval_is_in_the_ledger_with_what_it_was_given_to(bot: Bot, town: Town, staging: Pull):
    town.github.review(staging, by="ana")
    bot.settles()
    ((decision, reason),) = bot.ledger("approval")
    assert (decision, reason.split(" is to ")[0][-3:]) == ("done", "ana")
    assert "v1:" in reason


def test_the_approve_command_is_the_same_as_a_review(bot: Bot, town: Town, staging: Pull):
    town.github.advance(60)
    comment = town.github.comment(staging, "ana", "/approve")
    bot.settles()
    assert staging.merged
    assert [each.content for each in comment.reactions] == ["+1"]
    assert "Your approval counts: platform." in answer(staging)


def test_two_roles_need_two_people(bot: Bot, town: Town):
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    ruled(bot, town, TWO_ROLES)
    pull = proposed(bot, town)
    town.github.review(pull, by="ana")
    bot.settles()
    assert not pull.merged
    assert title(town, pull).startswith("Waits for: 1 of qa")
    town.github.review(pull, by="cho")
    bot.settles()
    assert pull.merged


def test_one_person_does_not_fill_two_roles(bot: Bot, town: Town):
    ruled(bot, town, TWO_ROLES)
    pull = proposed(bot, town)
    town.github.review(pull, by="ana")
    town.github.advance(60)
    town.github.comment(pull, "ana", "/approve")
    bot.settles().sweeps()
    assert not pull.merged
    assert outcome(town, pull) == ("completed", "action_required")


def test_case_54_who_asked_for_the_promotion_does_not_approve_it(bot: Bot, town: Town):
    ruled(bot, town, RULES.replace("    auto_promote: true\n", ""))
    town.release(api="a")
    bot.settles()
    town.github.comment(town.pull("dev", "merged"), "ana", "/promote staging")
    bot.settles()
    pull = town.pull("staging")
    town.github.review(pull, by="ana")
    bot.settles()
    assert not pull.merged
    assert "ana asked for this promotion, and does not approve it" in summary(town, pull)


def test_who_wrote_the_promoted_commits_does_not_approve_them(bot: Bot, town: Town):
    town.github.join("splattop/platform", "dev")
    town.github.grant("dev", "splattop/config", "write")
    pull = proposed(bot, town)
    town.github.review(pull, by="dev")
    bot.settles()
    assert not pull.merged
    assert "dev wrote commits that this promotes" in summary(town, pull)


def test_a_push_after_the_approval_voids_it_and_says_whose(bot: Bot, town: Town):
    ruled(bot, town, TWO_ROLES)
    pull = proposed(bot, town)
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    town.github.review(pull, by="cho")
    bot.settles()
    changed = town.values("staging", pull.head_sha).replace("replicas", "replica") + "# more\n"
    town.github.push("splattop/config", pull.head_ref, {"helm/values-staging.yaml": changed}, by="ana")
    bot.settles()
    assert not pull.merged
    assert "cho's approval of" in summary(town, pull)
    assert "is void: helm/values-staging.yaml changed" in summary(town, pull)


def test_a_rebase_that_changes_nothing_keeps_the_approval(bot: Bot, town: Town):
    ruled(bot, town, TWO_ROLES)
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    pull = proposed(bot, town)
    town.github.review(pull, by="cho")
    bot.settles()
    before = rebased(bot, town, pull)
    assert pull.head_sha != before
    town.github.review(pull, by="ana")
    bot.settles().sweeps()
    assert pull.merged


def test_case_56_an_approval_that_a_new_head_has_overtaken_is_refused(bot: Bot, town: Town, staging: Pull):
    town.github.advance(60)
    town.github.comment(staging, "ana", "/approve")
    late = town.github.webhooks.take()
    town.github.advance(60)
    before = rebased(bot, town, staging)
    for delivery in late:
        bot.receives(delivery)
    bot.settles()
    assert staging.head_sha != before
    assert not staging.merged
    assert "Head moved" in answer(staging)
    (row,) = [each.entry for each in bot.store.ledger.rows() if each.entry.event == "stale_approval"]
    assert (row.actor_id, row.decision) == (town.github.user("ana").id, "refused")
    assert row.delivery_id


def rebased(bot: Bot, town: Town, pull: Pull) -> str:
    """Lockstep puts the pull request on a base that has moved on; the head that it had before."""
    before = pull.head_sha
    town.github.protect("splattop/config", "main", checks=["helm-lint"], strict=True)
    town.github.push("splattop/config", "main", {"README.md": "# more\n"}, by="ana", bypass=True)
    bot.settles().sweeps()
    return before


def test_requested_changes_block(bot: Bot, town: Town, staging: Pull):
    town.github.review(staging, by="cho", event="REQUEST_CHANGES", body="not today")
    town.github.review(staging, by="ana")
    bot.settles()
    assert not staging.merged
    assert title(town, staging).startswith("cho requests changes")
    assert outcome(town, staging) == ("completed", "failure")


def test_case_63_a_bot_s_approval_counts_for_nothing(bot: Bot, town: Town, staging: Pull, private_key: str):
    rights = {"pull_requests": "write", "contents": "write", "metadata": "read"}
    helper = town.github.app(4712, private_key, "s", name="helper", permissions=rights, events=[])
    town.github.install(helper, "splattop")
    with town.github.world.lock:
        actor = town.github.as_app("splattop/config", helper)
        actions.review(town.github.world, actor, staging, "APPROVE")
    bot.settles()
    assert not staging.merged
    assert "bots never count" in summary(town, staging)


def test_case_59_an_approver_who_may_only_read_does_not_count(bot: Bot, town: Town, staging: Pull):
    town.github.join("splattop/platform", "ben")
    town.github.review(staging, by="ben")
    bot.settles()
    assert not staging.merged
    assert "ben has read permission, and this needs write" in summary(town, staging)


def test_case_60_a_membership_that_cannot_be_read_denies_and_is_asked_again(
    bot: Bot, town: Town, staging: Pull
):
    town.github.faults.fails(502, operation="Teams", times=1)
    town.github.review(staging, by="ana")
    bot.settles()
    assert not staging.merged
    bot.waits(600)
    assert staging.merged


def test_case_60_a_team_that_cannot_be_seen_is_unknown_until_it_can(bot: Bot, town: Town, staging: Pull):
    with town.github.world.lock:
        team = town.github.world.teams.pop("splattop/platform")
    town.github.review(staging, by="ana")
    bot.settles()
    assert not staging.merged
    assert outcome(town, staging) == ("completed", "failure")
    assert "annot verify membership of ana in splattop/platform" in title(town, staging)
    with town.github.world.lock:
        town.github.world.teams["splattop/platform"] = team
    bot.waits(300)
    assert staging.merged


def test_case_61_an_approver_who_has_left_the_team_before_the_merge_does_not_count(
    bot: Bot, town: Town, staging: Pull
):
    town.github.label(staging, "cho", "lockstep:hold")
    town.github.review(staging, by="ana")
    bot.settles()
    assert outcome(town, staging) == ("completed", "success")
    town.github.leave("splattop/platform", "ana")
    town.github.unlabel(staging, "cho", "lockstep:hold")
    bot.settles()
    assert not staging.merged
    assert "ana is not in the role platform" in summary(town, staging)


def test_case_48_an_approval_given_while_it_went_elsewhere_does_not_count(
    bot: Bot, town: Town, staging: Pull
):
    town.github.push("splattop/config", "sandbox", {"README.md": "# elsewhere\n"}, by="ana")
    town.github.edit_pull(staging, "cho", base="sandbox")
    bot.settles()
    town.github.advance(60)
    town.github.review(staging, by="ana")
    bot.settles()
    town.github.advance(60)
    town.github.edit_pull(staging, "cho", base="main")
    bot.settles().sweeps()
    assert not staging.merged
    assert "ana's approval does not hold" in summary(town, staging)


def test_case_64_an_approve_that_somebody_else_edited_does_not_count(bot: Bot, town: Town, staging: Pull):
    town.github.label(staging, "cho", "lockstep:hold")
    town.github.advance(60)
    comment = town.github.comment(staging, "ana", "/approve")
    bot.settles()
    assert outcome(town, staging) == ("completed", "success")
    town.github.advance(60)
    town.github.edit_comment(comment, "cho", "/approve of everything")
    bot.settles()
    assert outcome(town, staging) == ("completed", "failure")
    assert title(town, staging).startswith("cho edited ana's `/approve`")


def test_case_64_a_foreign_edit_of_an_approval_is_one_row_with_the_editor(
    bot: Bot, town: Town, staging: Pull
):
    town.github.label(staging, "cho", "lockstep:hold")
    town.github.advance(60)
    comment = town.github.comment(staging, "ana", "/approve")
    bot.settles()
    town.github.advance(60)
    town.github.edit_comment(comment, "cho", "/approve of everything")
    bot.settles().sweeps()
    (row,) = [each.entry for each in bot.store.ledger.rows() if each.entry.event == "tamper"]
    assert (row.actor_id, row.decision) == (town.github.user("cho").id, "refused")
    assert (row.pull_number, row.head_sha) == (staging.number, staging.head_sha)


def test_case_53_an_approval_of_one_s_own_work_is_one_row(bot: Bot, town: Town):
    town.github.join("splattop/platform", "dev")
    town.github.grant("dev", "splattop/config", "write")
    pull = proposed(bot, town)
    town.github.review(pull, by="dev")
    bot.settles().sweeps()
    (row,) = [each.entry for each in bot.store.ledger.rows() if each.entry.event == "self_approval"]
    assert (row.actor_id, row.decision) == (town.github.user("dev").id, "refused")
    assert "dev wrote commits that this promotes" in row.reason


@pytest.mark.parametrize("undo", ["delete", "cancel"])
def test_an_approve_that_was_taken_back_does_not_count(bot: Bot, town: Town, staging: Pull, undo: str):
    town.github.label(staging, "cho", "lockstep:hold")
    town.github.advance(60)
    comment = town.github.comment(staging, "ana", "/approve")
    bot.settles()
    town.github.advance(60)
    if undo == "delete":
        town.github.delete_comment(comment, "ana")
    else:
        town.github.comment(staging, "ana", "/approve cancel")
    bot.settles()
    assert title(town, staging).startswith("Waits for: 1 of platform")


def test_case_43_an_owned_values_file_needs_its_owner_and_the_base_s_codeowners_count(bot: Bot, town: Town):
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    ruled(bot, town, RULES, {".github/CODEOWNERS": "helm/values-staging.yaml @cho\n"})
    pull = proposed(bot, town)
    town.github.review(pull, by="ana")
    bot.settles()
    assert not pull.merged
    assert title(town, pull) == "Waits for: an owner of `helm/values-staging.yaml` (cho may)"
    town.github.review(pull, by="cho")
    bot.settles()
    assert pull.merged


def test_case_43_a_pull_request_cannot_change_codeowners_in_its_own_favour(bot: Bot, town: Town):
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    ruled(bot, town, RULES, {".github/CODEOWNERS": "helm/ @cho\n"})
    pull = proposed(bot, town)
    town.github.push("splattop/config", pull.head_ref, {".github/CODEOWNERS": "* @ana\n"}, by="ana")
    town.github.review(pull, by="ana")
    bot.settles()
    assert not pull.merged
    assert town.check(pull) == ("completed", "failure")


def test_case_44_an_owner_that_does_not_exist_names_the_line(bot: Bot, town: Town):
    ruled(bot, town, RULES, {".github/CODEOWNERS": "# who\nhelm/ @nobody-there\n"})
    pull = proposed(bot, town)
    town.github.review(pull, by="ana")
    bot.settles()
    assert not pull.merged
    assert "line 2 of .github/CODEOWNERS" in title(town, pull)


def test_without_a_role_and_without_owners_one_person_with_write_permission_must_approve(
    bot: Bot, town: Town
):
    ruled(bot, town, RULES.replace("    approvals: [{role: platform, count: 1}]\n", "    approvals: []\n"))
    pull = proposed(bot, town)
    assert title(town, pull) == "Waits for: 1 with write permission"
    town.github.review(pull, by="ben")
    bot.settles()
    assert not pull.merged
    town.github.review(pull, by="ana")
    bot.settles()
    assert pull.merged


def test_what_a_person_merges_is_never_merged_by_lockstep(bot: Bot, town: Town):
    ruled(bot, town, RULES.replace("merge: approved", "merge: manual"))
    pull = proposed(bot, town)
    town.github.review(pull, by="ana")
    bot.settles().sweeps()
    assert not pull.merged
    assert town.check(pull) == ("completed", "success")
    assert "staging is merged by a person, on GitHub." in summary(town, pull)


def test_an_approval_does_not_merge_what_a_required_check_refuses(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    town.github.check("splattop/config", town.pull("dev").head_sha, "helm-lint")
    bot.settles()
    pull = town.pull("staging")
    town.github.review(pull, by="ana")
    town.github.check("splattop/config", pull.head_sha, "helm-lint", conclusion="failure")
    bot.settles().sweeps()
    assert not pull.merged
    assert outcome(town, pull) == ("completed", "success")


def test_looking_again_is_quiet(bot: Bot, town: Town):
    ruled(bot, town, TWO_ROLES)
    pull = proposed(bot, town)
    town.github.review(pull, by="ana")
    bot.settles()
    before = len(bot.ledger("approval"))
    with town.expect_no_writes():
        bot.sweeps()
    assert len(bot.ledger("approval")) == before == 1


@pytest.mark.parametrize(("reviewers", "most"), [((), 2), (("ana",), 4)])
def test_looking_again_costs_few_requests(bot: Bot, town: Town, reviewers: tuple[str, ...], most: int):
    ruled(bot, town, TWO_ROLES)
    pull = proposed(bot, town)
    for login in reviewers:
        town.github.review(pull, by=login)
    bot.settles()
    before = len(town.github.requests)
    installation = next(iter(town.github.world.installations))
    bot.works_on(str(pull_subject(installation, town.github.repo("splattop/config").id, pull.number)))
    assert len(town.github.requests) - before <= most
