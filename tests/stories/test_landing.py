"""What comes onto the default branch: changed rules are written down, direct pushes are reported (rows R8, P11)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import CheckRun
from tests.builders import values
from tests.stories.cast import RULES, Bot, Town

RULES_FILE = "promotion/promotion-rules.yaml"
VALUES_FILE = "helm/values-dev.yaml"
LAX = RULES.replace("    approvals: [{role: platform, count: 1}]\n", "    approvals: []\n")
CHECK = "lockstep: main / direct push"
SETTLED = 15.0


@pytest.fixture(autouse=True)
def seen(bot: Bot, town: Town) -> None:
    """Lockstep has looked at the default branch before."""
    town.release(api="b")
    bot.settles().waits(SETTLED).sweeps()


def pushed(town: Town, files: dict, by: str = "ana", **more: bool) -> str:
    return town.github.push("splattop/config", "main", files, by=by, **more)


def merged(town: Town, files: dict, method: str = "merge", commits: int = 1) -> str:
    """Somebody's pull request is merged on GitHub."""
    base = town.github.sha("splattop/config", "main")
    for number in range(commits):
        more = {f"more-{number}.txt": "x"} if number else files
        town.github.push(
            "splattop/config", f"people-{method}", more, by="ana", parent=base if not number else None
        )
    pull = town.github.open_pull("splattop/config", f"people-{method}", by="ana")
    return town.github.merge(pull, "root", method)


def reported(town: Town, sha: str) -> CheckRun | None:
    return town.github.checks("splattop/config", sha).get(CHECK)


def row(bot: Bot, event: str):
    (found,) = [each.entry for each in bot.store.ledger.rows() if each.entry.event == event]
    return found


@pytest.mark.parametrize(
    ("path", "content"),
    [(VALUES_FILE, values(api="c").decode()), (RULES_FILE, LAX), (".github/CODEOWNERS", "* @ana\n")],
)
def test_a_direct_push_to_a_managed_file_is_reported_with_who_and_what(
    bot: Bot, town: Town, path: str, content: str
):
    sha = pushed(town, {path: content})
    bot.settles().waits(SETTLED)
    check = reported(town, sha)
    assert check is not None
    assert (check.status, check.conclusion) == ("completed", "failure")
    assert check.output["title"] == f"ana pushed 1 commit to main past pull requests: {path}"
    found = row(bot, "direct_push")
    assert (found.actor_login, found.actor_id) == ("ana", town.github.user("ana").id)
    assert (found.head_sha, found.details["files"]) == (sha, path)
    assert found.delivery_id

    with town.expect_no_writes():
        bot.waits(SETTLED).sweeps()
    assert len(bot.ledger("direct_push")) == 1


def test_a_push_past_branch_protection_is_reported(bot: Bot, town: Town):
    town.github.protect("splattop/config", "main", checks=["helm-lint"], reviews=1)
    sha = pushed(town, {VALUES_FILE: values(api="c").decode()}, by="root", bypass=True)
    bot.settles().waits(SETTLED)
    assert reported(town, sha) is not None
    assert row(bot, "direct_push").actor_login == "root"


def test_a_force_push_is_reported_whatever_it_holds(bot: Bot, town: Town):
    first = town.github.sha("splattop/config", "main")
    assert first is not None
    parent = town.github.repo("splattop/config").git.log(first)[-1]
    sha = pushed(town, {"README.md": "new"}, parent=parent, force=True, bypass=True)
    bot.settles().waits(SETTLED)
    check = reported(town, sha)
    assert check is not None
    assert check.output["title"] == f"ana rewrote main: {first[:7]} is no longer part of it"
    assert row(bot, "direct_push").details["forced"] == "true"

    with town.expect_no_writes():
        bot.waits(SETTLED).sweeps()


def test_a_direct_push_whose_webhook_got_lost_is_found_by_the_sweep(bot: Bot, town: Town):
    sha = pushed(town, {VALUES_FILE: values(api="c").decode()})
    town.github.webhooks.take()
    bot.sweeps().waits(SETTLED)
    assert reported(town, sha) is not None
    assert row(bot, "direct_push").actor_login is None


def test_a_pull_request_s_commits_that_are_pushed_and_not_merged_are_reported(bot: Bot, town: Town):
    """GitHub calls the pull request merged, because its head is on the branch; nobody merged it."""
    sha = town.github.push("splattop/config", "people", {VALUES_FILE: values(api="c").decode()}, by="ana")
    pull = town.github.open_pull("splattop/config", "people", by="ana")
    town.github.point("splattop/config", "main", sha, by="ana")
    bot.settles().waits(SETTLED)
    assert pull.merged
    assert reported(town, sha) is not None


@pytest.mark.parametrize(("method", "commits"), [("merge", 2), ("squash", 2), ("rebase", 1), ("rebase", 3)])
def test_a_merged_pull_request_is_no_direct_push(bot: Bot, town: Town, method: str, commits: int):
    sha = merged(town, {VALUES_FILE: values(api="c").decode()}, method, commits)
    bot.settles().waits(SETTLED).sweeps()
    assert reported(town, sha) is None
    assert bot.ledger("direct_push") == []


def test_lockstep_s_own_merges_are_no_direct_push(bot: Bot, town: Town):
    town.release(api="d")
    bot.settles().waits(SETTLED).sweeps()
    assert len(town.pulls("merged")) == 2
    assert bot.ledger("direct_push") == []


def test_a_direct_push_beside_the_managed_files_is_silent(bot: Bot, town: Town):
    sha = pushed(town, {"README.md": "more"})
    with town.expect_no_writes():
        bot.settles().waits(SETTLED).sweeps()
    assert reported(town, sha) is None


def test_a_direct_push_under_a_merge_is_found(bot: Bot, town: Town):
    """Both arrive before Lockstep looks: the merge does not cover what was pushed before it."""
    sha = pushed(town, {VALUES_FILE: values(api="c").decode()})
    merged(town, {"README.md": "more"})
    bot.settles().waits(SETTLED)
    assert reported(town, sha) is not None
    assert row(bot, "direct_push").actor_login == "ana"


def test_a_change_of_the_rules_is_one_row_that_says_who_what_and_how(bot: Bot, town: Town):
    sha = merged(town, {RULES_FILE: LAX})
    bot.settles().waits(SETTLED).sweeps()
    found = row(bot, "rules_changed")
    assert (found.actor_login, found.head_sha, found.pull_number) == ("root", sha, found.pull_number)
    assert found.pull_number is not None
    assert "environments.staging.approvals.0.role: platform → (nothing)" in found.reason
    assert "by ana" in found.reason


def test_each_change_of_the_rules_is_a_row_of_its_own(bot: Bot, town: Town):
    merged(town, {RULES_FILE: LAX})
    merged(town, {RULES_FILE: RULES}, "squash")
    bot.settles().waits(SETTLED).sweeps()
    assert len(bot.ledger("rules_changed")) == 2


def test_rules_that_are_pushed_are_a_row_with_the_pusher(bot: Bot, town: Town):
    pushed(town, {RULES_FILE: LAX})
    bot.settles().waits(SETTLED).sweeps()
    assert row(bot, "rules_changed").actor_login == "ana"


def test_rules_that_change_in_wording_alone_say_so(bot: Bot, town: Town):
    merged(town, {RULES_FILE: f"# a remark\n{RULES}"})
    bot.settles().waits(SETTLED)
    assert "only the wording, no value" in row(bot, "rules_changed").reason


def test_a_change_of_codeowners_is_a_row_that_names_the_lines(bot: Bot, town: Town):
    merged(town, {".github/CODEOWNERS": "* @ana\n"})
    bot.settles().waits(SETTLED)
    merged(town, {".github/CODEOWNERS": "* @root\n"}, "squash")
    bot.settles().waits(SETTLED)
    reasons = [reason for _, reason in bot.ledger("rules_changed")]
    assert reasons[0].startswith(".github/CODEOWNERS: added")
    assert "root" in reasons[1]


def test_promotions_leave_no_row_about_rules(bot: Bot, town: Town):
    town.release(api="d")
    bot.settles().waits(SETTLED).sweeps()
    assert bot.ledger("rules_changed") == []
