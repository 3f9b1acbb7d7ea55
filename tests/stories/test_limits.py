"""Limits: of clocks, tokens, requests and pages, and of what may still be done (attack cases 17 to 19, 23, 24, 26)."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import pytest

from bot.wiring import works
from tests.builders import digest, values
from tests.stories.cast import Bot, Town

WRITES = 11
"""Writes of a release's way to staging (tests/stories/test_crashes.py)."""


def asked(town: Town, path: str = "") -> int:
    """Requests so far that are none of the App itself."""
    return len([entry for entry in town.github.requests if entry.installation and path in entry.path])


def mints(town: Town) -> int:
    return len([entry for entry in town.github.requests if entry.path.endswith("/access_tokens")])


def everything_stored(url: str) -> str:
    """All rows of all tables, as text."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        return "\n".join(
            str(row)
            for (table,) in tables
            for row in connection.execute(f'select * from "{table}"').fetchall()
        )


def with_clock_ahead(bot: Bot, seconds: float) -> Bot:
    """A new process on a machine whose clock is ahead of GitHub's."""

    def clock() -> datetime:
        return bot.works.house.clock() + timedelta(seconds=seconds)

    return replace(bot, works=works(bot.settings, store=bot.store, clock=clock))


def test_case_17_a_clock_that_is_45_seconds_ahead_does_no_harm(bot: Bot, town: Town):
    ahead = with_clock_ahead(bot, 45)
    town.release(api="a")
    ahead.settles()
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"


def test_case_17_a_clock_that_is_five_minutes_ahead_is_named_and_the_job_is_planned_again(
    bot: Bot, town: Town, caplog: pytest.LogCaptureFixture
):
    town.release(api="a")
    ahead = with_clock_ahead(bot, 300)
    ahead.settles()
    assert "clock skew" in caplog.text
    depth = bot.store.queue.depth()
    assert (depth.due, depth.running, depth.planned > 0) == (0, 0, True)
    assert town.pulls("all") == []
    bot.again().waits(3600)
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"


@pytest.mark.parametrize("number", [0, 3, 9, 20])
def test_case_18_a_token_that_expires_in_the_middle_is_minted_once_more_and_nothing_is_doubled(
    bot: Bot, town: Town, number: int
):
    bot.sweeps()
    before, seen = mints(town), []

    def expire(call: object) -> None:
        seen.append(call)
        if len(seen) == number + 1:
            for token in town.github.world.tokens.values():
                token.expires_at = town.github.world.clock.now()

    town.github.faults.before(expire, times=None)
    town.release(api="a")
    bot.settles()
    assert len(seen) > number
    assert mints(town) - before == 1
    assert len([entry for entry in town.github.writes("lockstep[bot]") if entry.status < 300]) == WRITES
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"


def test_case_18_no_token_is_stored_or_logged(
    bot: Bot, town: Town, database_url: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    town.github.faults.fails(502, path_pattern="/merge$", times=1)
    town.github.faults.fails(401, path_pattern="/graphql$", times=1, message="Bad credentials")
    town.release(api="a")
    bot.settles().waits(60)
    tokens = [value for value in town.github.world.tokens if value.startswith("ghs_")]
    text = everything_stored(database_url) + caplog.text
    assert tokens
    assert "release_accepted" in text
    assert [token for token in tokens if token in text] == []


def still(bot: Bot, town: Town, seconds: float) -> bool:
    """Whether no request was made for the installation although so much time passes and the sweep asks."""
    before = asked(town)
    bot.waits(seconds).sweeps()
    return asked(town) == before


LIMITS = [
    pytest.param({"primary": 600}, 600, id="primary"),
    pytest.param({"secondary": 90}, 90, id="secondary with retry-after"),
    pytest.param({"secondary": "bare"}, 60, id="secondary without a word"),
]


@pytest.mark.parametrize(("limit", "seconds"), LIMITS)
def test_case_19_nothing_is_asked_before_the_time_and_then_the_release_travels(
    bot: Bot, town: Town, limit: dict, seconds: float
):
    town.release(api="a")
    town.github.faults.rate_limited(**limit, path_pattern="/(graphql|repos)", times=1)
    bot.settles()
    assert town.pulls("all") == []
    assert still(bot, town, seconds / 2)
    bot.waits(seconds / 2 + 5)
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"
    assert len(town.pulls("all")) == 2


def test_case_19_limits_without_a_word_in_a_row_are_waited_for_longer_each_time(bot: Bot, town: Town):
    town.release(api="a")
    town.github.faults.rate_limited(secondary="bare", path_pattern="/(graphql|repos)", times=3)
    bot.settles()
    for wait in (60, 120, 240):
        assert still(bot, town, wait - 10)
        bot.waits(15)
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"


def test_case_19_the_worker_is_free_meanwhile_and_the_job_is_planned(bot: Bot, town: Town):
    town.github.faults.rate_limited(primary=600, path_pattern="/(graphql|repos)")
    town.release(api="a")
    bot.settles()
    depth = bot.store.queue.depth()
    assert (depth.running, depth.planned > 0) == (0, True)


def test_case_19_a_subject_that_runs_into_a_limit_each_time_is_given_up(bot: Bot, town: Town):
    town.release(api="a")
    for _ in range(20):
        town.github.faults.rate_limited(secondary=60, path_pattern="/(graphql|repos)", times=1)
        bot.settles()
        town.github.advance(70)
    assert "failed" in [decision for decision, _ in bot.ledger("parked")]


def test_case_19_a_github_that_keeps_failing_is_given_up_with_a_failure_shown(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    town.github.faults.fails(502, path_pattern="/merge$", times=None)
    town.github.check("splattop/config", pull.head_sha, "helm-lint")
    for _ in range(10):
        bot.waits(1200)
    assert [decision for decision, _ in bot.ledger("parked")] == ["failed"]
    assert town.check(pull) == ("completed", "failure")
    assert pull.state == "open"


def pages_of_checks(town: Town, last: str | None) -> None:
    """More checks than fit on a page; the required one comes last."""
    head = town.pull("dev").head_sha
    for number in range(130):
        town.github.check("splattop/config", head, f"other-{number}")
    town.github.check("splattop/config", head, "helm-lint", last)


@pytest.mark.parametrize(
    ("last", "shown"), [("failure", ("completed", "failure")), (None, ("in_progress", None))]
)
def test_case_23_a_required_check_on_the_second_page_counts(
    bot: Bot, town: Town, last: str | None, shown: tuple[str, str | None]
):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pages_of_checks(town, last)
    bot.settles().sweeps()
    assert town.check(town.pull("dev")) == shown


def test_case_23_a_green_required_check_on_the_second_page_lets_it_merge(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pages_of_checks(town, "success")
    bot.settles()
    assert digest("a") in town.values("dev")


def test_case_24_a_pull_request_with_more_files_than_github_lists_is_not_judged(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    many = {f"many/{number}.txt": "x\n" for number in range(3001)}
    sha = town.github.push("splattop/config", pull.head_ref, many, by="ana")
    town.github.check("splattop/config", sha, "helm-lint")
    bot.settles()
    assert town.check(pull) == ("completed", "failure")
    assert "too large to evaluate" in str(town.checks(pull)["lockstep: main"].output)
    assert pull.state == "open"


def test_case_26_a_suspended_installation_is_left_alone_and_evaluated_afresh_afterwards(bot: Bot, town: Town):
    (installation,) = town.github.world.installations.values()
    town.release(api="a")
    deliveries = town.github.webhooks.take()
    town.github.suspend(installation)
    for delivery in deliveries:
        bot.receives(delivery)
    before = asked(town)
    with town.expect_no_writes():
        bot.settles().sweeps()
    assert asked(town) == before
    assert any("suspended" in reason for decision, reason in bot.ledger("look") if decision == "skipped")
    town.github.suspend(installation, False)
    bot.settles().sweeps()
    assert town.pull("dev", "merged").title == "Promote api 7.0.0 to dev"


def test_case_26_a_deleted_installation_is_left_alone(bot: Bot, town: Town):
    (installation,) = town.github.world.installations.values()
    town.release(api="a")
    deliveries = town.github.webhooks.take()
    town.github.uninstall(installation)
    for delivery in deliveries:
        bot.receives(delivery)
    with town.expect_no_writes():
        bot.settles().waits(3600).sweeps()


def test_case_26_a_config_repository_that_is_taken_away_is_left_alone(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    (installation,) = town.github.world.installations.values()
    installation.repository_ids = {town.github.repo(f"splattop/{name}").id for name in ("app", "config")}
    town.github.remove_repositories(installation, ["splattop/config"])
    town.github.check("splattop/config", town.pull("dev").head_sha, "helm-lint")
    with town.expect_no_writes():
        bot.settles().waits(3600).sweeps()
    assert bot.store.subjects.parked() == ()


def test_case_26_a_pull_request_that_was_closed_meanwhile_is_not_merged(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    town.github.check("splattop/config", pull.head_sha, "helm-lint")
    green = town.github.webhooks.take()
    town.github.close(pull, by="ana")
    town.github.webhooks.take()
    for delivery in green:
        bot.receives(delivery)
    bot.settles()
    assert [entry for entry in town.github.requests if entry.path.endswith("/merge")] == []
    assert [decision for decision, _ in bot.ledger("promotion_closed")] == ["done"]
    assert pull.state == "closed"


def test_case_26_a_head_branch_that_was_deleted_closes_its_promotion(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    town.github.delete_branch("splattop/config", pull.head_ref, by="ana")
    bot.settles()
    assert [decision for decision, _ in bot.ledger("promotion_closed")] == ["done"]
    assert town.values("dev").encode() == values()

    with town.expect_no_writes():
        bot.waits(3600).sweeps()
