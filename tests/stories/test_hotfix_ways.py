"""Hotfixes where Git merges in other ways: a queue, a rebase; a fix that came back as another commit (R7, B5)."""

from __future__ import annotations

import pytest

from bot.sandbox.gitstore import person_of
from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.hotfixes import STAGING, approves, debts, equip, fix, hotfix, ordinary
from tests.stories.test_overrides import says

GATES = "lockstep: main / gates"
OUT = (
    "or say why it may go without, such as that it came back as another commit (squash, rebase, cherry-pick)"
)


def staged(bot: Bot, town: Town, staging: str = STAGING, top: str = "") -> Pull:
    """A hotfix of api waits before staging, beside what runs there."""
    equip(bot, town, staging=staging, top=top)
    fix(town, api="b")
    bot.settles()
    return hotfix(town)


def rebased_back(town: Town, branch: str = "hotfix/login") -> str:
    """The fix's pull request is rebase-merged into the app's main, which went on: the same change, another commit."""
    git = town.github.repo("splattop/app").git
    main, fixed = str(git.ref("heads/main")), str(git.ref(f"heads/{branch}"))
    sha = git.rebase(main, fixed, person_of(git.commit(main).author))
    assert sha is not None
    town.github.point("splattop/app", "main", sha, by="dev")
    return sha


def test_through_a_merge_queue_it_owes_the_same(bot: Bot, town: Town):
    pull = staged(bot, town)
    town.github.protect("splattop/config", "main", checks=["lockstep: main", "helm-lint"])
    queue = town.github.merge_queue("splattop/config")
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    approves(bot, town, pull)
    assert [entry.pull for entry in queue.entries] == [pull]
    assert debts(bot, town) == ()
    entry = queue.entry(pull)
    assert entry is not None
    assert entry.head_sha is not None
    town.github.run_ci("splattop/config", entry.head_sha, "success")
    bot.settles()
    assert pull.merged
    (debt,) = debts(bot, town)
    assert (debt.component, debt.pull_number) == ("api", pull.number)
    with town.expect_no_writes():
        bot.again().sweeps()


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_however_its_own_pull_request_is_merged_the_fix_is_the_commit_it_was_built_from(
    bot: Bot, town: Town, method: str
):
    pull = staged(bot, town, STAGING + f"    merge_method: {method}\n")
    built = str(town.github.repo("splattop/app").git.ref("heads/hotfix/login"))
    assert approves(bot, town, pull).merged
    assert [each.fix_sha for each in debts(bot, town)] == [built]
    assert digest("b") in town.values("staging")


@pytest.fixture
def returned(bot: Bot, town: Town) -> Pull:
    """An ordinary promotion of main, into which the fix was rebased: the change is there, its commit is not."""
    approves(bot, town, staged(bot, town, top="commands: {override: [oncall]}\n"))
    town.github.push("splattop/app", "main", {"NEWS": "1\n"}, by="dev", message="Go on")
    rebased_back(town)
    town.release(api="d")
    bot.settles()
    (pull,) = ordinary(town)
    return approves(bot, town, pull)


def test_a_fix_that_came_back_as_another_commit_blocks_and_says_the_way_out(
    bot: Bot, town: Town, returned: Pull
):
    assert not returned.merged
    told = str(town.checks(returned)[GATES].output["summary"])
    assert f"lacks the hotfix {debts(bot, town)[0].fix_sha[:7]}" in told
    assert OUT in told
    assert "`/override debt reason: <words>`" in told
    with town.expect_no_writes():
        bot.sweeps()


@pytest.mark.parametrize("who", ["cho", "ben"])
def test_case_67_who_is_not_in_the_role_does_not_waive_it(bot: Bot, town: Town, returned: Pull, who: str):
    answer = says(bot, town, returned, who, "/override debt reason: it was rebased")
    assert "is set aside" not in answer
    assert not returned.merged
    assert len(debts(bot, town)) == 1


def test_a_waiver_without_a_reason_is_refused(bot: Bot, town: Town, returned: Pull):
    assert "reason" in says(bot, town, returned, "dan", "/override debt")
    assert len(debts(bot, town)) == 1


def test_the_role_says_that_it_came_back_and_nothing_is_owed_any_more(bot: Bot, town: Town, returned: Pull):
    says(bot, town, returned, "dan", "/override debt reason: rebased into main as one commit")
    approves(bot, town, returned)
    assert returned.merged, town.checks(returned)["lockstep: main"].output
    assert debts(bot, town) == ()
    assert any("**waived**" in each.body and "rebased into main" in each.body for each in returned.comments)
