"""Pull requests that change the rules file or CODEOWNERS: the base branch's owners decide (row R8, case 43)."""

from __future__ import annotations

import pytest

from bot.sandbox.actions.refs import move
from bot.sandbox.gitstore import Person
from bot.sandbox.setting import Files
from bot.sandbox.state import Pull
from tests.stories.cast import RULES, Bot, Town

RULES_FILE = "promotion/promotion-rules.yaml"
CODEOWNERS = ".github/CODEOWNERS"
LAX = RULES.replace("    approvals: [{role: platform, count: 1}]\n", "    approvals: []\n")
OWNED = RULES.replace("environments:\n", "owners: [platform]\nenvironments:\n", 1)
CHECK = "lockstep: main / approvals"
SUMMARY = "lockstep: main"


@pytest.fixture(autouse=True)
def cast(town: Town) -> None:
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    town.github.grant("ben", "splattop/config", "write")


def based(bot: Bot, town: Town, files: Files) -> None:
    """The default branch holds these files."""
    town.github.push("splattop/config", "main", files, by="ana")
    bot.settles()


def proposed(bot: Bot, town: Town, files: Files, by: str = "ben") -> Pull:
    """Somebody proposes to change these files."""
    town.github.push("splattop/config", "change", files, by=by)
    pull = town.github.open_pull("splattop/config", "change", by=by)
    bot.settles()
    return pull


def title(town: Town, pull: Pull, name: str = CHECK) -> str:
    return str(town.checks(pull)[name].output["title"])


def test_case_43_a_change_of_the_rules_waits_for_an_admin_where_nobody_is_named(bot: Bot, town: Town):
    pull = proposed(bot, town, {RULES_FILE: LAX})
    assert town.check(pull, SUMMARY) == ("completed", "action_required")
    assert title(town, pull) == "Waits for: 1 with admin permission"
    town.github.review(pull, by="ana")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "action_required")
    town.github.review(pull, by="root")
    bot.settles().sweeps()
    assert town.check(pull, SUMMARY) == ("completed", "success")
    assert pull.state == "open"

    with town.expect_no_writes():
        bot.sweeps()


def test_case_43_a_change_of_the_rules_waits_for_the_roles_that_the_base_names(bot: Bot, town: Town):
    based(bot, town, {RULES_FILE: OWNED})
    pull = proposed(bot, town, {RULES_FILE: OWNED.replace("owners: [platform]", "owners: []")})
    assert title(town, pull) == "Waits for: 1 of platform (members of splattop/platform may)"
    town.github.review(pull, by="cho")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "action_required")
    town.github.review(pull, by="ana")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "success")
    assert pull.state == "open"


@pytest.mark.parametrize("own", [CODEOWNERS, "CODEOWNERS", "docs/CODEOWNERS"])
def test_case_43_a_change_of_codeowners_is_judged_by_codeowners_of_the_base(bot: Bot, town: Town, own: str):
    based(bot, town, {own: "* @cho\n"})
    pull = proposed(bot, town, {own: "* @ben\n"})
    assert title(town, pull) == f"Waits for: an owner of `{own}` (cho may)"
    town.github.review(pull, by="ana")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "action_required")
    town.github.review(pull, by="cho")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "success")


def test_case_43_a_codeowners_file_that_would_come_first_waits_for_the_owners_of_its_place(
    bot: Bot, town: Town
):
    based(bot, town, {"docs/CODEOWNERS": "/.github/ @cho\n"})
    pull = proposed(bot, town, {CODEOWNERS: "* @ben\n"})
    assert title(town, pull) == f"Waits for: an owner of `{CODEOWNERS}` (cho may)"


@pytest.mark.parametrize(
    "files", [{RULES_FILE: None, "old-rules.yaml": OWNED}, {RULES_FILE: None}], ids=["renamed", "deleted"]
)
def test_case_43_rules_that_go_away_wait_for_their_owners(bot: Bot, town: Town, files: Files):
    based(bot, town, {RULES_FILE: OWNED})
    pull = proposed(bot, town, files)
    assert town.check(pull, SUMMARY) == ("completed", "failure")
    assert title(town, pull).startswith("Waits for: 1 of platform")


def test_case_43_codeowners_that_is_renamed_away_waits_for_its_owners(bot: Bot, town: Town):
    based(bot, town, {CODEOWNERS: "* @cho\n"})
    pull = proposed(bot, town, {CODEOWNERS: None, "notes.txt": "* @cho\n"})
    assert title(town, pull) == f"Waits for: an owner of `{CODEOWNERS}` (cho may)"


def test_case_43_a_fork_is_judged_the_same(bot: Bot, town: Town):
    fork = town.github.fork("splattop/config", "ben")
    town.github.push(fork, "change", {RULES_FILE: LAX}, by="ben")
    pull = town.github.open_pull("splattop/config", "ben:change", by="ben")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "action_required")
    assert title(town, pull) == "Waits for: 1 with admin permission"


def test_case_43_rules_inside_a_promotion_are_reported_and_hold_it(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    pull = town.pull("staging")
    town.github.push("splattop/config", pull.head_ref, {RULES_FILE: LAX}, by="ben")
    town.github.review(pull, by="ana")
    town.github.review(pull, by="root")
    bot.settles().sweeps()
    assert not pull.merged
    assert town.check(pull, SUMMARY) == ("completed", "failure")
    assert f"also changes `{RULES_FILE}`" in str(town.checks(pull)[SUMMARY].output["summary"])


def test_case_53_who_proposes_the_rules_does_not_approve_them(bot: Bot, town: Town):
    pull = proposed(bot, town, {RULES_FILE: LAX}, by="ana")
    town.github.push("splattop/config", "change", {"more.txt": "x"}, by="root")
    town.github.review(pull, by="root")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "action_required")
    assert "root wrote commits of this pull request" in str(town.checks(pull)[CHECK].output["summary"])


def test_case_57_a_commit_under_another_s_name_makes_its_pusher_no_approver(bot: Bot, town: Town):
    """root pushes a commit that says it is cho's: the push is root's all the same."""
    pull = proposed(bot, town, {RULES_FILE: LAX})
    pushed_as(town, "cho", by="root")
    town.github.review(pull, by="root")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "action_required")


def test_case_57_commits_of_nobody_make_every_pusher_suspect(bot: Bot, town: Town):
    pull = proposed(bot, town, {RULES_FILE: LAX})
    pushed_as(town, "stranger", by="root")
    town.github.review(pull, by="root")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "action_required")


def pushed_as(town: Town, author: str, by: str) -> None:
    """A commit that names somebody else is pushed."""
    world = town.github.world
    with world.lock:
        repo = town.github.repo("splattop/config")
        before = repo.git.ref("heads/change")
        who = Person(name=author, email=f"{author}@example.com", at=world.clock.now())
        sha = repo.git.commit_files(before, {"as.txt": b"x"}, "Quietly", who, who)
        move(world, repo, "heads/change", before, sha, town.github.user(by))


def test_a_push_that_changes_the_rules_again_voids_the_approval(bot: Bot, town: Town):
    pull = proposed(bot, town, {RULES_FILE: LAX})
    town.github.review(pull, by="root")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "success")
    town.github.push("splattop/config", "change", {RULES_FILE: LAX + "# more\n"}, by="ben")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "action_required")
    assert "root's approval of" in str(town.checks(pull)[CHECK].output["summary"])


def test_a_push_beside_the_rules_keeps_the_approval(bot: Bot, town: Town):
    pull = proposed(bot, town, {RULES_FILE: LAX})
    town.github.review(pull, by="root")
    bot.settles()
    town.github.push("splattop/config", "change", {"README.md": "more"}, by="ben")
    bot.settles()
    assert town.check(pull, SUMMARY) == ("completed", "success")


def test_a_pull_request_that_leaves_the_rules_alone_asks_nobody(bot: Bot, town: Town):
    pull = proposed(bot, town, {"README.md": "more"})
    assert town.check(pull, SUMMARY) == ("completed", "success")
    assert CHECK not in town.checks(pull)
