"""Webhooks that come twice, late, in the wrong order, or not at all (attack cases 9 to 15, row B7)."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from bot.web.app import create_app
from bot.wiring import works
from tests.builders import digest, values
from tests.stories.cast import Bot, Town

SYNCHRONIZE = ("pull_request", "synchronize")


def rows(bot: Bot, event: str) -> int:
    return len(bot.ledger(event))


def waits_for_ci(bot: Bot, town: Town) -> None:
    """dev's pull request is open and waits for CI, which a story runs by hand."""
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()


def test_case_9_a_delivery_that_comes_again_when_all_is_done_sets_nothing_in_motion(bot: Bot, town: Town):
    before = len(town.github.webhooks.log)
    town.release(api="a")
    bot.settles()
    with town.expect_no_writes():
        answers = [bot.receives(delivery) for delivery in town.github.webhooks.log[before:]]
        assert set(answers) == {202}
        assert bot.store.queue.depth().due == 0
        bot.settles()


def test_case_10_a_delivery_that_comes_again_after_its_job_failed_is_worked_on_once(bot: Bot, town: Town):
    town.github.faults.fails(502, path_pattern="/repos/splattop/app/actions/", times=None)
    town.release(api="a")
    (delivery,) = town.github.webhooks.take("workflow_run", "completed")
    bot.receives(delivery)
    bot.settles()
    assert rows(bot, "release_accepted") == 0
    town.github.faults.clear()
    assert bot.receives(delivery) == 202
    bot.settles()
    assert rows(bot, "release_accepted") == 1
    assert [pull.title for pull in town.pulls("merged")] == ["Promote api 7.0.0 to dev"]

    with town.expect_no_writes():
        bot.waits(3600).sweeps()


def test_case_12_delayed_events_of_an_old_head_grant_the_new_one_nothing(bot: Bot, town: Town):
    waits_for_ci(bot, town)
    old = town.pull("dev").head_sha
    late = [
        each for each in town.github.webhooks.log if (each.event, each.action) == ("pull_request", "opened")
    ]
    town.github.check("splattop/config", old, "helm-lint", None)
    town.release(api="c")
    bot.settles()
    pull = town.pull("dev")
    assert pull.head_sha != old
    town.github.check("splattop/config", old, "helm-lint", "success")
    late += town.github.webhooks.take()
    with town.expect_no_writes():
        for delivery in late:
            fresh = replace(
                delivery, headers={**delivery.headers, "X-GitHub-Delivery": f"late-{delivery.id}"}
            )
            assert bot.receives(fresh) == 202
        bot.settles()
    assert town.check(pull) == ("in_progress", None)
    assert pull.state == "open"


def test_case_13_a_push_of_which_nobody_told_is_found_by_the_sweep(bot: Bot, town: Town):
    waits_for_ci(bot, town)
    pull = town.pull("dev")
    mine = values(api="f", api_tag="6.6.6")
    sha = town.github.push("splattop/config", pull.head_ref, {"helm/values-dev.yaml": mine}, by="ana")
    town.github.check("splattop/config", sha, "helm-lint")
    town.github.webhooks.take()
    bot.sweeps()
    assert town.check(town.pull("dev")) == ("completed", "failure")
    assert rows(bot, "proposal") == 1


def test_case_14_while_github_hangs_the_receiver_answers(bot: Bot, town: Town):
    town.release(api="a")
    deliveries = town.github.webhooks.take()
    answers: list[int] = []
    town.github.faults.before(
        lambda _call: answers.extend(bot.receives(delivery) for delivery in deliveries[1:]),
        path_pattern="/graphql$",
    )
    bot.receives(deliveries[0])
    bot.sweeps()
    assert len(deliveries) > 1
    assert answers == [202] * len(deliveries[1:])


def test_case_14_what_the_database_did_not_take_is_answered_503_and_nothing_is_half_stored(
    bot: Bot, town: Town, database_url: str
):
    town.release(api="a")
    (delivery,) = town.github.webhooks.take("workflow_run", "completed")
    town.github.webhooks.take()
    with psycopg.connect(database_url) as somebody:
        somebody.execute("lock table procrastinate_jobs in access exclusive mode")
        assert bot.receives(delivery) == 503
    assert bot.store.inbox.find(delivery.guid) is None
    assert bot.store.queue.depth().due == 0
    bot.works.ask_again()
    bot.settles()
    assert digest("a") in town.values("dev")


def not_for_splattop(bot: Bot) -> Bot:
    """The same bot, serving another account only."""
    settings = replace(bot.settings, allowed_accounts=frozenset({"somebody-else"}))
    house = works(settings, store=bot.store, clock=bot.works.house.clock)
    web = create_app(settings=settings, store=bot.store, clock=bot.works.house.clock)
    return replace(bot, settings=settings, web=web, works=house)


def test_case_15_an_account_that_is_not_allowed_gets_one_ledger_row_and_no_token(bot: Bot, town: Town):
    stranger = not_for_splattop(bot)
    town.release(api="a")
    (delivery,) = town.github.webhooks.take("workflow_run", "completed")
    town.github.webhooks.take()
    asked = len(town.github.requests)
    assert stranger.receives(delivery) == 202
    stranger.settles()
    assert len(town.github.requests) == asked
    assert rows(stranger, "not_allowlisted") == 1
    assert stranger.store.inbox.find(delivery.guid) is None


def test_case_15_the_sweep_leaves_an_account_alone_that_is_not_allowed(bot: Bot, town: Town):
    waits_for_ci(bot, town)
    stranger = not_for_splattop(bot)
    town.release(api="c")
    town.github.webhooks.take()
    asked = len(town.github.requests)
    with town.expect_no_writes():
        stranger.sweeps()
    spoken = {entry.path for entry in town.github.requests[asked:]}
    assert spoken == {"/app/installations", "/app/hook/deliveries"}


@pytest.mark.parametrize("starts", [True, False], ids=["at start-up", "at the timer"])
def test_a_lost_webhook_is_asked_for_again_and_processed_once(bot: Bot, town: Town, starts: bool):
    town.github.faults.loses_webhooks("workflow_run", "completed")
    town.release(api="a")
    bot.settles()
    assert town.pulls("all") == []
    town.github.faults.clear()
    if starts:
        bot.again().works.ask_again()
    else:
        bot.works.sweep()
    again = [each for each in town.github.webhooks.log if each.redelivery]
    assert [(each.event, each.action) for each in again] == [("workflow_run", "completed")]
    bot.settles()
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"
    assert rows(bot, "release_accepted") == 1

    with town.expect_no_writes():
        bot.sweeps()


def test_a_lost_workflow_run_is_found_among_the_recent_runs_when_github_s_log_has_nothing(
    bot: Bot, town: Town
):
    town.release(api="a")
    town.github.webhooks.take()
    town.github.webhooks.log.clear()
    bot.sweeps()
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"
    assert rows(bot, "release_accepted") == 1


def test_a_lost_merge_is_found_by_the_sweep_and_the_next_environment_follows(bot: Bot, town: Town):
    waits_for_ci(bot, town)
    town.github.merge(town.pull("dev"), by="ana")
    town.github.webhooks.take()
    bot.sweeps()
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"
