"""What a hotfix owes: the next ordinary promotion of its component contains the fix, or somebody says why not (B5)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.hotfixes import (
    approves,
    debts,
    equip,
    fix,
    hotfix,
    hotfixes,
    merge_back,
    ordinary,
    postmortems,
)
from tests.stories.test_overrides import answers, says

GATES = "lockstep: main / gates"


@pytest.fixture
def fixed(bot: Bot, town: Town) -> Pull:
    """staging runs a hotfix of api that main lacks; the hotfix's pull request."""
    equip(bot, town)
    town.release(api="a", web="c")
    bot.settles()
    approves(bot, town, ordinary(town)[0])
    fix(town, api="b")
    bot.settles()
    pull = approves(bot, town, hotfix(town))
    assert pull.merged
    return pull


def released(bot: Bot, town: Town, **components: str) -> Pull:
    """The next ordinary release, built on main, as it stands before staging."""
    town.release(**components)
    bot.settles()
    return ordinary(town)[0]


def test_the_next_ordinary_promotion_that_lacks_the_fix_is_blocked(bot: Bot, town: Town, fixed: Pull):
    pull = approves(bot, town, released(bot, town, api="d"))
    assert not pull.merged
    assert town.check(pull) == ("completed", "failure")
    told = str(town.checks(pull)[GATES].output["summary"])
    assert (
        f"lacks the hotfix {debts(bot, town)[0].fix_sha[:7]} that runs in staging since #{fixed.number}"
        in told
    )
    assert digest("b") in town.values("staging")
    with town.expect_no_writes():
        bot.sweeps()


def test_another_component_is_promoted_all_the_same(bot: Bot, town: Town, fixed: Pull):
    assert approves(bot, town, released(bot, town, web="e")).merged
    assert len(debts(bot, town)) == 1


def test_once_the_fix_has_flowed_back_the_debt_is_released(bot: Bot, town: Town, fixed: Pull):
    merge_back(town)
    pull = approves(bot, town, released(bot, town, api="d"))
    assert pull.merged
    assert debts(bot, town) == ()
    (row,) = bot.store.ledger.rows(event="debt_released")
    assert (row.entry.details["how"], row.entry.details["component"]) == ("flowed back", "api")
    assert any("**has flowed back**" in each.body for each in pull.comments)
    (issue,) = postmortems(town)
    assert any("**has flowed back**" in each.body for each in issue.comments)
    assert f"api in staging: flowed back with #{pull.number}" in (issue.body or "")
    with town.expect_no_writes():
        bot.again().sweeps()


def test_a_newer_release_with_the_fix_takes_the_place_of_one_that_lacks_it(bot: Bot, town: Town, fixed: Pull):
    pull = released(bot, town, api="d")
    merge_back(town)
    assert released(bot, town, api="e") is pull
    assert digest("e") in town.values("staging", pull.head_sha)
    assert approves(bot, town, pull).merged


def test_somebody_who_may_override_says_why_not_and_the_debt_is_waived(bot: Bot, town: Town, fixed: Pull):
    pull = approves(bot, town, released(bot, town, api="d"))
    answer = says(bot, town, pull, "cho", "/override debt reason: it was cherry-picked as 1234567")
    assert "`debt` is set aside" in answer
    approves(bot, town, pull)
    assert pull.merged
    assert debts(bot, town) == ()
    (row,) = bot.store.ledger.rows(event="debt_released")
    assert row.entry.details["how"] == "waived"
    assert "cherry-picked as 1234567" in row.entry.reason


def test_what_a_person_merged_past_the_gate_leaves_the_debt_in_force(bot: Bot, town: Town, fixed: Pull):
    pull = released(bot, town, api="d")
    town.github.merge(pull, "ana")
    bot.settles()
    assert [each.component for each in debts(bot, town)] == ["api"]


def test_case_83_a_history_that_github_does_not_tell_blocks(bot: Bot, town: Town, fixed: Pull):
    bot.store.database.run("update debts set fix_sha = %s", ("f" * 40,))
    pull = approves(bot, town, released(bot, town, api="d"))
    assert not pull.merged
    assert "could not be read: GitHub does not compare" in str(town.checks(pull)[GATES].output["summary"])


def test_a_second_hotfix_must_contain_the_first(bot: Bot, town: Town, fixed: Pull):
    fix(town, "hotfix/other", api="d")
    bot.settles()
    pull = approves(bot, town, hotfix(town))
    assert not pull.merged
    assert "lacks the hotfix" in str(town.checks(pull)[GATES].output["summary"])


def test_a_second_hotfix_on_the_same_branch_goes_on(bot: Bot, town: Town, fixed: Pull):
    fix(town, api="d")
    bot.settles()
    assert approves(bot, town, hotfix(town)).merged
    assert [each.tag.digest for each in debts(bot, town)] == [digest("b"), digest("d")]


def test_rolling_the_hotfix_back_ends_its_debt_and_keeps_it_away(bot: Bot, town: Town, fixed: Pull):
    says(bot, town, fixed, "cho", "/rollback reason: the fix breaks the login")
    (back,) = [each for each in town.pulls() if "/rollback+" in each.head_ref]
    approves(bot, town, back)
    assert back.merged
    assert debts(bot, town) == ()
    (row,) = bot.store.ledger.rows(event="debt_released")
    assert row.entry.details["how"] == "rolled back"
    town.github.advance(600)
    bot.sweeps()
    assert [each for each in hotfixes(town) if "/staging/" in each.head_ref] == []


def test_a_hotfix_that_was_rolled_back_does_not_go_on_to_production(bot: Bot, town: Town, fixed: Pull):
    there = hotfix(town, "production")
    says(bot, town, fixed, "cho", "/rollback reason: the fix breaks the login")
    (back,) = [each for each in town.pulls() if "/rollback+" in each.head_ref]
    approves(bot, town, back)
    assert there.state == "closed"
    assert any(
        "staging no longer runs what this pull request would bring" in each.body for each in there.comments
    )


def test_case_87_a_vetoed_digest_is_no_hotfix(bot: Bot, town: Town, fixed: Pull):
    says(bot, town, fixed, "cho", "/rollback reason: the fix breaks the login")
    (back,) = [each for each in town.pulls() if "/rollback+" in each.head_ref]
    approves(bot, town, back)
    fix(town, api="b")
    bot.settles()
    assert [each for each in hotfixes(town) if "/staging/" in each.head_ref] == []
    assert any("is vetoed" in why for _, why in bot.ledger("vetoed"))


def test_what_is_owed_is_told_by_status(bot: Bot, town: Town, fixed: Pull):
    answer = says(bot, town, fixed, "cho", "/status")
    sha = debts(bot, town)[0].fix_sha[:7]
    assert f"- `staging` owes api the hotfix {sha} of #{fixed.number}" in answer


def test_an_ordinary_promotion_waits_while_a_hotfix_of_its_component_is_open(bot: Bot, town: Town):
    equip(bot, town)
    waiting = released(bot, town, api="a", web="c")
    fix(town, api="b")
    bot.settles().sweeps()
    urgent = hotfix(town)
    approves(bot, town, waiting)
    assert not waiting.merged
    assert any(f"#{urgent.number} brings a hotfix of api" in each.body for each in waiting.comments)
    assert f"It goes before #{waiting.number}" in urgent.body
    approves(bot, town, urgent)
    assert urgent.merged
    with town.expect_no_writes():
        bot.sweeps()


def test_a_hotfix_that_is_closed_lets_the_ordinary_promotion_go_on(bot: Bot, town: Town):
    equip(bot, town)
    waiting = released(bot, town, api="a")
    fix(town, api="b")
    bot.settles()
    approves(bot, town, waiting)
    town.github.close(hotfix(town), "ana")
    bot.settles()
    assert waiting.merged


def test_no_ordinary_promotion_is_opened_beside_an_open_hotfix(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, api="b")
    bot.settles()
    town.release(api="a", web="c")
    bot.settles()
    (pull,) = ordinary(town)
    assert pull.title == "Promote web 8.0.0 to staging"


def test_two_hotfixes_of_one_branch_share_a_pull_request_the_newest_counts(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, api="a")
    bot.settles()
    first = hotfix(town)
    fix(town, api="b")
    bot.settles()
    assert hotfix(town) is first
    assert digest("b") in town.values("staging", first.head_sha)


def test_a_hotfix_of_another_branch_waits_for_the_open_one(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, api="a")
    bot.settles()
    first = hotfix(town)
    fix(town, "hotfix/other", api="b")
    bot.settles().sweeps()
    assert digest("a") in town.values("staging", first.head_sha)
    assert any("is newer and waits" in each.body for each in first.comments)


def test_hotfixes_of_two_branches_that_end_in_another_order_are_both_taken(bot: Bot, town: Town):
    equip(bot, town)
    slow = town.github.push("splattop/app", "hotfix/slow", {"S": "1\n"}, by="dev")
    run = town.github.start_run(
        "splattop/app", ".github/workflows/build.yml", name="build", branch="hotfix/slow", sha=slow, by="dev"
    )
    fix(town, api="a")
    bot.settles()
    town.finished(run, web="c")
    bot.settles()
    assert {row.entry.details["branch"] for row in bot.store.ledger.rows(event="hotfix_declared")} == {
        "hotfix/login",
        "hotfix/slow",
    }


def test_a_hold_lets_it_be_opened_and_not_merged(bot: Bot, town: Town):
    equip(bot, town)
    dev = released(bot, town, web="c")
    says(bot, town, dev, "cho", "/hold staging reason: the fair")
    fix(town, api="a")
    bot.settles()
    pull = approves(bot, town, hotfix(town))
    assert not pull.merged
    says(bot, town, dev, "cho", "/unhold staging")
    assert pull.merged


COMMAND = "/hotfix"


def test_hotfix_makes_what_a_promotion_brings_one(bot: Bot, town: Town):
    equip(bot, town)
    waiting = released(bot, town, api="a", web="c")
    answer = says(bot, town, waiting, "cho", COMMAND)
    pull = hotfix(town)
    assert f"#{pull.number}: Hotfix api 7.0.0, web 7.0.0 to staging" in answer
    assert "Asked for by `cho` with `/hotfix`." in pull.body
    approves(bot, town, pull)
    assert pull.merged
    assert waiting.state == "closed"
    assert not waiting.merged


def test_who_asked_for_a_hotfix_does_not_approve_it(bot: Bot, town: Town):
    equip(bot, town)
    waiting = released(bot, town, api="a")
    says(bot, town, waiting, "ana", COMMAND)
    assert not approves(bot, town, hotfix(town)).merged


@pytest.mark.parametrize(
    ("who", "said", "answer"),
    [
        ("ben", "/hotfix", "`/hotfix` needs write permission"),
        ("cho", "/hotfix dev", "`dev` takes no hotfixes of their own"),
        ("cho", "/hotfix nowhere", "`nowhere` is not an environment"),
    ],
)
def test_case_67_a_hotfix_that_is_refused_says_why(bot: Bot, town: Town, who: str, said: str, answer: str):
    equip(bot, town)
    waiting = released(bot, town, api="a")
    assert answer in says(bot, town, waiting, who, said)
    assert hotfixes(town) == []


def test_case_67_the_role_for_hotfixes_is_its_own(bot: Bot, town: Town):
    equip(bot, town, top="commands: {hotfix: [oncall]}\n")
    waiting = released(bot, town, api="a")
    assert "is for the role oncall" in says(bot, town, waiting, "cho", COMMAND)
    assert "Hotfix api 7.0.0 to staging" in says(bot, town, waiting, "dan", COMMAND)


def test_on_somebody_s_own_pull_request_there_is_nothing_to_make_a_hotfix(bot: Bot, town: Town):
    equip(bot, town)
    town.github.push("splattop/config", "tidy", {"notes.md": "x\n"}, by="ana")
    pull = town.github.open_pull("splattop/config", "tidy", by="ana")
    bot.settles()
    assert "Say `/hotfix` on a promotion of Lockstep's" in says(bot, town, pull, "cho", COMMAND)


def test_the_label_set_by_a_person_who_may_says_the_same(bot: Bot, town: Town):
    equip(bot, town)
    waiting = released(bot, town, api="a")
    town.github.label(waiting, "cho", "automation:hotfix")
    bot.settles()
    assert hotfix(town).title == "Hotfix api 7.0.0 to staging"
    assert any("goes to `staging` as a hotfix" in each for each in answers(waiting))
    assert "automation:hotfix" not in {each.name for each in waiting.labels}
    with town.expect_no_writes():
        bot.sweeps()


def test_the_label_set_by_somebody_who_may_not_is_taken_off(bot: Bot, town: Town):
    equip(bot, town, top="commands: {hotfix: [oncall]}\n")
    waiting = released(bot, town, api="a")
    town.github.label(waiting, "cho", "automation:hotfix")
    bot.settles()
    assert hotfixes(town) == []
    assert "automation:hotfix" not in {each.name for each in waiting.labels}
    assert any("is for the role oncall" in each for each in answers(waiting))


def test_a_hotfix_that_production_declined_comes_again_when_somebody_asks(bot: Bot, town: Town, fixed: Pull):
    town.github.close(hotfix(town, "production"), "ana")
    bot.settles().sweeps()
    assert hotfixes(town) == []
    assert "Hotfix api 8.0.0 to production" in says(bot, town, fixed, "cho", "/hotfix")


def test_a_dry_run_of_a_hotfix_tells_what_it_waits_for(bot: Bot, town: Town, fixed: Pull):
    answer = says(bot, town, hotfix(town, "production"), "cho", "/dry-run")
    assert "it would not be merged" in answer


def test_a_crash_after_the_merge_leaves_one_debt_and_one_postmortem(bot: Bot, town: Town, fixed: Pull):
    bot.store.database.run("delete from debts", ())
    bot.store.database.run("update hotfixes set postmortem = null", ())
    town.github.comment(fixed, "ana", "/status")
    bot.again().settles()
    assert len(debts(bot, town)) == 1
    assert len(postmortems(town)) == 1


def test_a_crash_before_the_hotfix_is_on_record_is_mended_by_the_next_look(bot: Bot, town: Town):
    equip(bot, town)
    fix(town, api="a")
    bot.settles()
    pull = hotfix(town)
    bot.store.database.run("delete from promotions where pull_number = %s", (pull.number,))
    bot.again().sweeps()
    assert hotfix(town) is pull
    assert len(bot.store.ledger.rows(event="hotfix_opened")) == 1
