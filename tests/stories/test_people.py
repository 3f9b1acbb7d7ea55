"""What people do to Lockstep's branches and pull requests, and what it leaves to them."""

from __future__ import annotations

from tests.builders import values
from tests.stories.cast import Bot, Town


def open_dev(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    return town.pull("dev")


def test_a_branch_that_a_person_pushed_to_is_never_overwritten(bot: Bot, town: Town):
    pull = open_dev(bot, town)
    mine = values(api="a", api_tag="7.0.0").replace(b"replicas: 2", b"replicas: 9")
    sha = town.github.push("splattop/config", pull.head_ref, {"helm/values-dev.yaml": mine}, by="ana")
    bot.settles()
    town.release(api="c")
    bot.settles()
    assert town.pull("dev").head_sha == sha
    (story,) = [c.body for c in town.pull("dev").comments if "lockstep:story" in c.body]
    assert f"{sha[:7]} was not written by Lockstep" in story

    with town.expect_no_writes():
        bot.sweeps()


def test_a_pull_request_that_a_person_pushed_to_is_not_merged(bot: Bot, town: Town):
    pull = open_dev(bot, town)
    mine = values(api="a", api_tag="7.0.0").replace(b"replicas: 2", b"replicas: 9")
    sha = town.github.push("splattop/config", pull.head_ref, {"helm/values-dev.yaml": mine}, by="ana")
    town.github.check("splattop/config", sha, "helm-lint")
    bot.settles()
    assert town.check(town.pull("dev")) == ("completed", "failure")


def test_a_branch_that_existed_before_is_left_alone_and_nothing_is_opened(bot: Bot, town: Town):
    town.github.push("splattop/config", "lockstep/dev/app", {"notes.txt": "mine"}, by="ana")
    before = town.github.sha("splattop/config", "lockstep/dev/app")
    town.release(api="a")
    bot.settles()
    assert town.pulls("all") == []
    assert town.github.sha("splattop/config", "lockstep/dev/app") == before
    assert any("was not written by Lockstep" in reason for _, reason in bot.ledger("proposal"))


def test_case_78_a_pull_request_that_imitates_ours_is_not_merged(bot: Bot, town: Town):
    town.github.push(
        "splattop/config",
        "lockstep/dev/app",
        {"helm/values-dev.yaml": values(api="f", api_tag="6.6.6")},
        by="ana",
    )
    fake = town.github.open_pull(
        "splattop/config", "lockstep/dev/app", by="ana", title="Promote api 6.6.6 to dev"
    )
    town.github.label(fake, "ana", "automation:release-bump", "env:dev")
    bot.settles()
    assert town.check(fake) == ("completed", "failure")
    assert town.pulls("merged") == []


def test_a_person_s_own_pull_request_gets_a_green_summary(bot: Bot, town: Town):
    town.github.push("splattop/config", "docs", {"README.md": "hello"}, by="ana")
    pull = town.github.open_pull("splattop/config", "docs", by="ana", title="Say hello")
    bot.settles()
    assert town.check(pull) == ("completed", "success")
    assert town.check(pull, "lockstep: main / config") == ("completed", "success")


def test_the_hold_label_keeps_dev_from_merging_until_it_is_removed(bot: Bot, town: Town):
    pull = open_dev(bot, town)
    town.github.label(pull, "ana", "lockstep:hold")
    town.github.run_ci("splattop/config", pull.head_sha)
    bot.settles()
    assert town.check(pull) == ("completed", "action_required")
    town.github.unlabel(pull, "ana", "lockstep:hold")
    bot.settles()
    assert town.pull("dev", "merged").number == pull.number


def test_a_merge_by_a_person_counts_and_the_branch_is_cleaned_up(bot: Bot, town: Town):
    pull = open_dev(bot, town)
    town.github.merge(pull, by="ana")
    bot.settles()
    assert town.github.sha("splattop/config", "lockstep/dev/app") is None
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"


def test_a_branch_that_somebody_moved_after_the_merge_stays_and_holds_nothing_up(bot: Bot, town: Town):
    pull = open_dev(bot, town)
    town.github.merge(pull, by="ana")
    sha = town.github.push("splattop/config", pull.head_ref, {"notes.txt": "mine"}, by="ana")
    bot.settles().waits(600)
    assert town.github.sha("splattop/config", pull.head_ref) == sha
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"
    assert bot.store.subjects.parked() == ()
    assert [decision for decision, _ in bot.ledger("delete_branch")].count("failed") == 1
    with town.expect_no_writes():
        bot.sweeps()


def test_case_48_a_pull_request_retargeted_to_another_branch_is_not_merged(bot: Bot, town: Town):
    pull = open_dev(bot, town)
    town.github.push("splattop/config", "other", {"x": "y"}, by="ana")
    town.github.edit_pull(pull, "ana", base="other")
    town.github.run_ci("splattop/config", pull.head_sha)
    bot.settles()
    assert town.pulls("merged") == []


def test_an_author_learns_on_the_commit_why_a_release_was_not_proposed(bot: Bot, town: Town):
    town.github.push("splattop/config", "lockstep/dev/app", {"notes.txt": "mine"}, by="ana")
    run = town.release(api="a")
    bot.settles()
    check = town.github.checks("splattop/app", run.head_sha)["lockstep: release"]
    assert "Delete or rename it" in str(check.output["summary"])

    with town.expect_no_writes():
        bot.sweeps()
