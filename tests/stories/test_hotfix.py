"""Hotfix: a fix goes straight to staging and on to production, reviewed, confirmed, and with its debt (R7, B5)."""

from __future__ import annotations

from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.hotfixes import (
    PRODUCTION,
    STAGING,
    approves,
    debts,
    equip,
    fix,
    hotfix,
    hotfixes,
    ordinary,
    postmortems,
)
from tests.stories.test_overrides import says

SUMMARY = "lockstep: main"
FROZEN = 'freeze: [{name: Fair, starts: "2020-01-01 00:00", ends: "2040-01-01 00:00"}]\n'


def summary(town: Town, pull: Pull) -> str:
    return str(town.checks(pull)[SUMMARY].output["summary"])


def test_a_release_of_a_hotfix_branch_goes_straight_to_staging(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, api="a")
    bot.settles()
    pull = hotfix(town)
    assert pull.title == "Hotfix api 7.0.0 to staging"
    assert pull.head_ref == "lockstep/staging/hotfix+app"
    assert {each.name for each in pull.labels} == {"automation:hotfix", "env:staging"}
    assert digest("a") in town.values("staging", pull.head_sha)
    assert ordinary(town, "dev") == []
    with town.expect_no_writes():
        bot.sweeps()


def test_only_the_touched_components_move(bot: Bot, town: Town):
    equip(bot, town)
    before = town.values("staging")
    fix(town, api="a")
    bot.settles()
    after = town.values("staging", hotfix(town).head_sha)
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) == 2


def test_nobody_merges_it_without_a_review(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, api="a")
    bot.settles()
    pull = hotfix(town)
    assert town.check(pull) == ("completed", "action_required")
    approves(bot, town, pull)
    assert pull.merged
    assert digest("a") in town.values("staging")
    assert ordinary(town, "dev", "all") == []


def test_an_entrance_that_merges_by_itself_waits_for_a_person_all_the_same(bot: Bot, town: Town):
    equip(bot, town, staging="")
    rules = town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml")
    assert rules is not None
    text = rules.decode().replace(
        "    merge: auto\n", "    merge: auto\n    hotfix: {entrance: true, confirm: false}\n"
    )
    text = text.replace("    auto_promote: true\n", "    auto_promote: true\n    hotfix: {entrance: false}\n")
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": text}, by="ana")
    bot.settles()
    fix(town, api="a")
    bot.settles()
    pull = hotfix(town, "dev")
    assert not pull.merged
    approves(bot, town, pull)
    assert pull.merged


def test_the_on_call_is_mentioned_and_on_record_for_the_channels(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, api="a")
    bot.settles().sweeps()
    assert "**On call** (`oncall`): @splattop/oncall" in hotfix(town).body
    (row,) = bot.store.ledger.rows(event="hotfix_opened")
    details = row.entry.details
    assert (details["environment"], details["components"]) == ("staging", ["api"])
    assert (details["role"], details["oncall"]) == ("oncall", ["splattop/oncall"])


def test_a_freeze_lets_it_pass_unless_the_rules_say_otherwise(bot: Bot, town: Town):
    equip(bot, town, top=FROZEN)
    fix(town, api="a")
    bot.settles()
    pull = approves(bot, town, hotfix(town))
    assert pull.merged
    assert "A hotfix passes the freeze “Fair” of staging" in summary(town, pull)


def test_a_freeze_that_allows_no_hotfix_holds_it(bot: Bot, town: Town):
    equip(bot, town, top=FROZEN.replace("ends:", "allow_hotfix: false, ends:"))
    fix(town, api="a")
    bot.settles()
    assert not approves(bot, town, hotfix(town)).merged


def covered(town: Town, bot: Bot) -> None:
    rules = town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml")
    assert rules is not None
    head, _, tail = rules.decode().partition("  staging:\n")
    text = head + "  staging:\n" + tail.replace("coverage: off", "coverage: {min_percent: 70}", 1)
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": text}, by="ana")
    bot.settles()


def test_a_gate_that_may_be_skipped_does_not_hold_it_and_is_shown_as_debt(bot: Bot, town: Town):
    equip(bot, town)
    covered(town, bot)
    fix(town, api="a")
    bot.settles()
    pull = hotfix(town)
    assert "These gates do not hold it: `coverage`" in pull.body
    assert "| ⚠️ | coverage | Skipped debt:" in summary(town, pull)
    approves(bot, town, pull)
    assert pull.merged
    (debt,) = debts(bot, town)
    assert (debt.environment, debt.component, list(debt.gates)) == ("staging", "api", ["coverage"])


def test_a_gate_that_may_not_be_skipped_holds_it(bot: Bot, town: Town):
    equip(bot, town, staging=STAGING.replace("[coverage]", "[]"))
    covered(town, bot)
    fix(town, api="a")
    bot.settles()
    pull = approves(bot, town, hotfix(town))
    assert not pull.merged
    assert town.check(pull) == ("completed", "failure")


def in_staging(bot: Bot, town: Town, **components: str) -> Pull:
    """A hotfix was merged into staging; its pull request there."""
    fix(town, **(components or {"api": "a"}))
    bot.settles()
    pull = approves(bot, town, hotfix(town))
    assert pull.merged
    return pull


def test_from_staging_it_goes_straight_to_production(bot: Bot, town: Town):
    equip(bot, town)
    in_staging(bot, town)
    pull = hotfix(town, "production")
    assert pull.title == "Hotfix api 7.0.0 to production"
    assert {each.name for each in pull.labels} == {"automation:hotfix", "env:production"}


def test_production_waits_for_a_confirmation_beside_the_approval(bot: Bot, town: Town):
    equip(bot, town)
    in_staging(bot, town)
    pull = approves(bot, town, hotfix(town, "production"))
    assert not pull.merged
    assert "production takes a hotfix only when a person has confirmed it" in summary(town, pull)
    assert "Confirmed: api 7.0.0 may go to `production`" in says(bot, town, pull, "dan", "/sync")
    assert pull.merged
    assert digest("a") in town.values("production")
    assert [row.entry.actor_login for row in bot.store.ledger.rows(event="hotfix_confirmed")] == ["dan"]
    with town.expect_no_writes():
        bot.sweeps()


def buttons(town: Town, pull: Pull) -> list[str]:
    return [each["label"] for each in town.checks(pull)["lockstep: main"].actions]


def test_a_button_of_the_check_run_confirms_it(bot: Bot, town: Town):
    equip(bot, town)
    in_staging(bot, town)
    pull = hotfix(town, "production")
    assert buttons(town, pull) == ["Confirm", "Re-check", "Hold"]
    town.github.press(town.checks(pull)["lockstep: main"], "confirm", "dan")
    bot.settles()
    assert "Confirmed: api 7.0.0 may go to `production`" in pull.comments[-1].body
    assert buttons(town, pull) == ["Re-check", "Hold"]
    assert approves(bot, town, pull).merged
    with town.expect_no_writes():
        bot.sweeps()


def test_a_hotfix_that_waits_for_no_confirmation_has_no_such_button(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, api="a")
    bot.settles()
    assert buttons(town, hotfix(town)) == ["Re-check", "Hold"]


def test_case_56_a_button_that_was_pressed_on_another_head_confirms_nothing(bot: Bot, town: Town):
    equip(bot, town)
    in_staging(bot, town)
    pull = hotfix(town, "production")
    before = town.checks(pull)["lockstep: main"]
    fix(town, api="d")
    bot.settles()
    approves(bot, town, hotfix(town))
    assert town.checks(pull)["lockstep: main"].head_sha != before.head_sha
    town.github.press(before, "confirm", "dan")
    bot.settles()
    assert not bot.store.ledger.rows(event="hotfix_confirmed")


def test_who_may_not_sync_there_may_not_confirm(bot: Bot, town: Town):
    equip(bot, town, top="commands: {sync: [oncall]}\n")
    in_staging(bot, town)
    pull = approves(bot, town, hotfix(town, "production"))
    assert "is for the role oncall" in says(bot, town, pull, "ana", "/sync")
    assert not pull.merged
    says(bot, town, pull, "dan", "/sync")
    assert pull.merged


def test_the_soak_that_production_skips_is_debt(bot: Bot, town: Town):
    equip(bot, town)
    in_staging(bot, town)
    pull = approves(bot, town, hotfix(town, "production"))
    says(bot, town, pull, "dan", "/sync")
    assert [(each.environment, list(each.gates)) for each in debts(bot, town)] == [
        ("staging", []),
        ("production", ["soak"]),
    ]


def test_one_postmortem_is_opened_and_goes_on_with_production(bot: Bot, town: Town):
    equip(bot, town)
    staged = in_staging(bot, town)
    (issue,) = postmortems(town)
    assert issue.title == "Postmortem: hotfix of api 7.0.0"
    assert f"#{staged.number} merged into staging" in (issue.body or "")
    assert "- [ ] A test covers the regression" in (issue.body or "")
    pull = approves(bot, town, hotfix(town, "production"))
    says(bot, town, pull, "dan", "/sync")
    assert postmortems(town) == [issue]
    assert f"#{pull.number} merged into production" in (issue.body or "")
    assert "- production: `soak`:" in (issue.body or "")
    (told,) = [each.body for each in issue.comments]
    assert f"UTC: #{pull.number} brought it to **production**" in told
    assert any("Next: the fix" in each.body and "goes to staging" in each.body for each in staged.comments)
    says(bot, town, staged, "ana", "/status")
    assert len(issue.comments) == 1
    with town.expect_no_writes():
        bot.again().sweeps()


def test_a_run_of_a_fork_s_branch_of_that_name_is_none(bot: Bot, town: Town):
    equip(bot, town)
    fork = town.github.fork("splattop/app", "ben")
    sha = town.github.push(fork, "hotfix/login", {"FIX": "1\n"}, by="ben")
    run = town.github.start_run(
        "splattop/app",
        ".github/workflows/build.yml",
        name="build",
        branch="hotfix/login",
        sha=sha,
        by="ben",
        head_repository=fork,
    )
    town.finished(run, api="a")
    bot.settles()
    assert hotfixes(town) == []
    assert [decision for decision, _ in bot.ledger("foreign_head")] == ["refused"]


def test_a_branch_that_the_rules_do_not_name_is_none(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, "quickfix/login", api="a")
    bot.settles()
    assert town.pulls("all") == []


def test_a_hotfix_that_brings_more_than_one_commit_says_so(bot: Bot, town: Town):
    equip(bot, town)
    town.release(api="a", web="c")
    bot.settles()
    approves(bot, town, ordinary(town)[0])
    town.github.push("splattop/app", "main", {"OTHER": "1\n"}, by="dev", message="Something unfinished")
    fix(town, api="b")
    bot.settles()
    assert "It brings **2 commits** beside what runs in staging" in hotfix(town).body


def test_production_without_a_way_of_its_own_takes_it_as_an_ordinary_release(bot: Bot, town: Town):
    equip(
        bot,
        town,
        production=PRODUCTION.replace("from: staging, skip_gates: [soak], ", "skip_gates: [soak], "),
    )
    in_staging(bot, town)
    assert hotfixes(town) == []


def test_without_an_entrance_hotfix_branches_go_the_ordinary_way(bot: Bot, town: Town):
    equip(bot, town, staging="    hotfix: {entrance: false}\n")
    fix(town, api="a")
    bot.settles()
    assert hotfixes(town, "all") == []
    assert digest("a") in town.values("dev")


def test_a_hotfix_one_component_of_which_was_rolled_back_goes_on_with_the_rest(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, api="a", web="c")
    bot.settles()
    pull = approves(bot, town, hotfix(town))
    assert pull.merged
    says(bot, town, pull, "cho", "/rollback api reason: the fix breaks the login")
    (back,) = [each for each in town.pulls() if "/rollback+" in each.head_ref]
    approves(bot, town, back)
    assert back.merged
    bot.waits(60).sweeps()
    further = hotfix(town, "production")
    assert further.title == "Hotfix web 7.0.0 to production"
    assert [each.component for each in debts(bot, town)] == ["web"]
