"""What moves between the look and the merge, and two workers at once (attack cases 76, 77, 78, 81, 82)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.builders import digest, values
from tests.stories.cast import Bot, Town
from tests.stories.trouble import HOUR


def merges(town: Town) -> list[int]:
    """What GitHub answered to the merge calls."""
    return [entry.status for entry in town.github.requests if entry.path.endswith("/merge")]


def test_case_76_a_head_that_moves_just_before_the_merge_is_not_merged(bot: Bot, town: Town):
    evil = values(api="f", api_tag="6.6.6")
    town.github.faults.swap_head_on_merge(by="ana", files={"helm/values-dev.yaml": evil})
    town.release(api="a")
    bot.settles().waits(HOUR)
    assert merges(town) == [409]
    assert town.check(town.pull("dev")) == ("completed", "failure")
    assert [reason[:10] for decision, reason in bot.ledger("merge_pull") if decision == "failed"] == [
        "head moved"
    ]

    with town.expect_no_writes():
        bot.sweeps()


def test_case_77_a_hold_that_is_set_while_the_verdict_is_shown_keeps_the_merge_back(bot: Bot, town: Town):
    town.github.faults.before(
        lambda _call: town.github.label(town.pull("dev"), "ana", "lockstep:hold"), operation="updateCheckRun"
    )
    town.release(api="a")
    bot.settles()
    assert merges(town) == []
    assert town.check(town.pull("dev")) == ("completed", "action_required")

    with town.expect_no_writes():
        bot.sweeps()


def test_case_77_rules_that_change_while_the_verdict_is_shown_count_for_the_merge(bot: Bot, town: Town):
    rules = town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml")
    assert rules is not None
    stricter = rules.replace(b"merge: auto", b"merge: manual")
    town.github.faults.before(
        lambda _call: town.github.push(
            "splattop/config", "main", {"promotion/promotion-rules.yaml": stricter}, by="ana"
        ),
        operation="updateCheckRun",
    )
    town.release(api="a")
    bot.settles()
    assert merges(town) == []
    assert town.check(town.pull("dev")) == ("completed", "action_required")


@pytest.mark.parametrize("conclusion", ["failure", None], ids=["red", "pending"])
def test_case_81_a_required_check_of_somebody_else_that_is_not_green_holds_the_merge(
    bot: Bot, town: Town, conclusion: str | None
):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    town.github.check("splattop/config", town.pull("dev").head_sha, "helm-lint", conclusion)
    bot.settles()
    assert merges(town) == []
    shown = ("completed", "failure") if conclusion else ("in_progress", None)
    assert town.check(town.pull("dev")) == shown
    bot.sweeps()

    with town.expect_no_writes():
        bot.sweeps()


def test_case_81_our_own_check_s_name_from_another_app_helps_nothing(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    head = town.pull("dev").head_sha
    town.github.check("splattop/config", head, "lockstep: main", "success")
    bot.settles()
    assert merges(town) == []
    assert town.pull("dev").state == "open"


@pytest.mark.parametrize("times", [1, 3])
def test_a_base_branch_that_was_modified_meanwhile_is_merged_at_a_later_try(bot: Bot, town: Town, times: int):
    town.github.faults.base_modified_on_merge(times)
    town.release(api="a")
    for _ in range(times + 1):
        bot.waits(600)
    assert merges(town) == [405] * times + [200]
    assert digest("a") in town.values("dev")


def test_a_merge_that_github_refuses_for_good_is_not_tried_in_a_loop(bot: Bot, town: Town):
    message = "At least 1 approving review is required by reviewers with write access."
    town.github.faults.fails(405, path_pattern="/merge$", message=message, times=None)
    town.release(api="a")
    bot.settles()
    assert set(merges(town)) == {405}
    assert {reason for decision, reason in bot.ledger("merge_pull") if decision == "refused"} == {message}
    assert town.check(town.pull("dev")) == ("completed", "action_required")

    with town.expect_no_writes():
        bot.waits(HOUR).sweeps()


def both(first: Bot, second: Bot, rounds: int = 30) -> None:
    """Two replicas work on one store at once until nothing is left."""
    for _ in range(rounds):
        deliveries = first.town.github.webhooks.take()
        for delivery in deliveries:
            first.receives(delivery)
        with ThreadPoolExecutor(2) as threads:
            looks = sum(threads.map(lambda bot: bot.drains(), (first, second)))
        if not deliveries and not looks:
            return
    raise AssertionError("the replicas do not come to rest")


def test_case_82_two_replicas_merge_once_and_open_one_next_pull_request(bot: Bot, town: Town):
    town.release(api="a")
    both(bot, bot.again())
    assert merges(town).count(200) == 1
    assert [pull.title for pull in town.pulls("all")] == [
        "Promote api 7.0.0 to dev",
        "Promote api 7.0.0 to staging",
    ]

    with town.expect_no_writes():
        bot.sweeps()


def test_case_82_one_run_that_two_replicas_hear_of_is_one_release(bot: Bot, town: Town):
    town.release(api="a")
    other = bot.again()
    for delivery in town.github.webhooks.take("workflow_run", "completed"):
        bot.receives(delivery)
        double = replace(
            delivery, headers={**delivery.headers, "X-GitHub-Delivery": "the-same-run-once-more"}
        )
        other.receives(double)
    both(bot, other)
    assert [decision for decision, _ in bot.ledger("release_accepted")] == ["done"]
    assert len(town.pulls("all")) == 2


def test_case_82_one_pull_request_that_is_looked_at_twice_at_once_is_merged_once(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    town.github.check("splattop/config", pull.head_sha, "helm-lint")
    (promotion,) = bot.store.promotions.all_open()
    subject = f"pull:{promotion.installation_id}:{promotion.config_repository_id}:{pull.number}"
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda each: each.works_on(subject), (bot, bot.again())))
    bot.settles().waits(HOUR)
    assert merges(town).count(200) == 1
    assert [decision for decision, _ in bot.ledger("promotion_merged")] == ["done"]
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"
