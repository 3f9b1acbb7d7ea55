"""What GitHub does wrong, one thing at a time: connections that break, answers that lie, objects that are half made.

Trouble at each single write is told in test_crashes.py.
"""

from __future__ import annotations

import pytest

from tests.builders import digest, values
from tests.stories.cast import Bot, Town
from tests.stories.trouble import HOUR

READS = ["/graphql$", "/actions/runs/", "/artifacts", "/compare/"]


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_read_that_fails_is_asked_again_and_nothing_is_lost(bot: Bot, town: Town, path: str, status: int):
    town.github.faults.fails(status, path_pattern=path, times=2)
    town.release(api="a")
    bot.settles().waits(HOUR).waits(HOUR)
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"
    assert len(town.pulls("all")) == 2


def test_a_connection_that_breaks_after_the_merge_leaves_one_merge_and_one_next_pull_request(
    bot: Bot, town: Town
):
    town.github.faults.drops_connection(path_pattern="/merge$", performs=True)
    town.release(api="a")
    bot.settles().waits(HOUR)
    calls = [entry for entry in town.github.requests if entry.path.endswith("/merge")]
    assert len(calls) == 1
    assert digest("a") in town.values("dev")
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"
    assert [decision for decision, _ in bot.ledger("promotion_merged")] == ["done"]

    with town.expect_no_writes():
        bot.sweeps()


def test_a_connection_that_breaks_after_opening_leaves_one_branch_and_one_pull_request(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.github.faults.drops_connection(operation="createPullRequest", performs=True)
    town.release(api="a")
    bot.settles().waits(HOUR)
    pull = town.pull("dev")
    assert {label.name for label in pull.labels} == {"automation:release-bump", "env:dev"}
    assert len(town.pulls("all")) == 1
    assert [promotion.pull_number for promotion in bot.store.promotions.all_open()] == [pull.number]

    with town.expect_no_writes():
        bot.sweeps()


def test_case_21_a_branch_without_its_pull_request_gets_one(bot: Bot, town: Town):
    """The process died when the branch held its commit and the pull request was not there yet."""
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    world = town.github.world
    head = pull.head_sha
    repo = town.github.repo("splattop/config")
    with world.lock:
        repo.issues.pop(pull.number, None)
    bot.store.database.run("delete from promotions")
    bot.sweeps()
    again = town.pull("dev")
    assert again.head_sha == head
    assert set(repo.git.refs()) == {"heads/main", "heads/lockstep/dev/app"}


def test_case_21_an_empty_branch_of_the_dead_process_is_made_anew(bot: Bot, town: Town):
    """The process died when the branch stood at the base and held no commit yet."""
    base = town.github.sha("splattop/config", "main")
    assert base is not None
    town.github.point("splattop/config", "lockstep/dev/app", base, by="root")
    town.release(api="a")
    bot.settles()
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"
    assert town.values("dev").encode() == values(api="a", api_tag="7.0.0")


def test_a_download_that_breaks_off_is_tried_again(bot: Bot, town: Town):
    town.github.faults.drops_connection(path_pattern="/artifacts/[0-9]+/zip")
    town.release(api="a")
    bot.settles().waits(HOUR)
    assert digest("a") in town.values("dev")
    assert [decision for decision, _ in bot.ledger("release_accepted")] == ["done"]


def test_an_outage_of_an_hour_costs_only_a_delay(bot: Bot, town: Town):
    town.github.faults.fails(503, times=None)
    town.release(api="a")
    for _ in range(12):
        bot.waits(300)
    bot.works.sweep()
    town.github.faults.clear()
    bot.waits(600).sweeps()
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"
    assert len(town.pulls("all")) == 2

    with town.expect_no_writes():
        bot.waits(HOUR).sweeps()
