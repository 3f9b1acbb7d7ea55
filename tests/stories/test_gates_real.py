"""Gates through the whole bot, measured by a real Prometheus and a real Alertmanager (rows P2, G7).

A pull request to staging is judged by what the servers know of dev, where its release comes from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.sandbox.state import Pull
from bot.wiring import works
from tests.servers.alerts import Real
from tests.servers.running import Running, alertmanager, prometheus
from tests.servers.traffic import traffic
from tests.stories.cast import Bot, Town
from tests.stories.test_gates import demand, gates, told

HOUR = 3600
SLO = "slo: {min_availability_percent: 99, max_error_rate_percent: 1}"
BUDGET = "error_budget: {max_consumed_percent: 51, objective_percent: 98, window: 1d}"
CANARY = "canary: {min_traffic_percent: 10, min_duration: 2h, min_success_rate_percent: 99}"
ALERTS = "critical_alerts: {max_firing: 0}"
LATENCY = """{name: latency, query: 'latency_seconds{environment="$environment"}', max: 0.2}"""
QUEUE = """{name: queue, query: 'queue_length{environment="$environment"}', max_change_percent: 50}"""


def metrics(query: str) -> str:
    return f"metrics: {{window: 10m, queries: [{query}]}}"


@pytest.fixture(autouse=True)
def real(town: Town) -> None:
    """Prometheus and Alertmanager know no other time than the real one."""
    town.github.world.clock.run()


@pytest.fixture
def measuring(bot: Bot, tmp_path: Path) -> Iterator[Running]:
    """A Prometheus that knows dev and staging; the bot asks it."""
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with prometheus(folder, traffic(bot.works.house.clock())) as server:
        asks(bot, prometheus_url=server.url)
        yield server


@pytest.fixture
def alerting(bot: Bot, tmp_path: Path) -> Iterator[Real]:
    """An Alertmanager that has been up for long enough to be believed; the bot asks it."""
    folder = tmp_path / "alertmanager"
    folder.mkdir()
    with alertmanager(folder) as server:
        asks(bot, alertmanager_url=server.url)
        bot.town.github.advance(180)
        yield Real(server=server)


def asks(bot: Bot, **urls: str) -> None:
    """From now on the worker has these settings too."""
    bot.settings = replace(bot.settings, **urls)
    bot.works = works(bot.settings, store=bot.store, clock=bot.works.house.clock)


def proposed(bot: Bot, town: Town, rules: str) -> Pull:
    """A release reaches dev, and staging is proposed under these gates."""
    demand(town, rules)
    town.release(api="a")
    bot.settles()
    return town.pull("staging")


@pytest.mark.parametrize(
    ("gate", "rows"),
    [
        (SLO, ["| slo | 100% | at least 99% |", "| slo | 1% | at most 1% |"]),
        (BUDGET, ["| error_budget | 50% | below 51% |"]),
        (metrics(LATENCY), ["| metrics | 0.2 | at most 0.2 |"]),
    ],
    ids=["slo", "error_budget", "metrics"],
)
def test_what_prometheus_measured_passes_and_stands_in_the_check_run(
    bot: Bot, town: Town, measuring: Running, gate: str, rows: list[str]
):
    proposed(bot, town, gate)
    assert gates(town)[:2] == ("completed", "success")
    assert [row for row in rows if row not in told(town)] == []
    assert f"]({measuring.url}/graph?g0.expr=" in told(town)


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        (
            "slo: {max_error_rate_percent: 0.9}",
            "Error rate in dev over 1 h is 1%, needed: at most 0.9%",
        ),
        (
            BUDGET.replace("51", "50"),
            "Error budget consumed in dev (objective 98% over 24 h) is 50%, needed: below 50%",
        ),
        (
            metrics(LATENCY.replace("max: 0.2", "max: 0.1")),
            "`latency` in dev is 0.2, needed: at most 0.1",
        ),
        (
            CANARY.replace("success_rate_percent: 99", "success_rate_percent: 99.5"),
            "Success rate in dev is 99%, needed: at least 99.5%",
        ),
        (
            metrics("{name: none, query: nothing_of_that_name, max: 1}"),
            "`none` in dev could not be read: Prometheus: no series matches the query",
        ),
    ],
    ids=["slo", "error_budget", "metrics", "canary", "no series"],
)
def test_what_prometheus_measured_blocks_with_the_sentence(
    bot: Bot, town: Town, measuring: Running, gate: str, says: str
):
    proposed(bot, town, gate)
    assert gates(town) == ("completed", "failure", says)


def test_a_canary_ends_by_itself_with_its_share_and_success(bot: Bot, town: Town, measuring: Running):
    proposed(bot, town, CANARY)
    assert gates(town)[:2] == ("in_progress", None)
    assert gates(town)[2].startswith("The release in dev must be healthy for 2 h, until ")
    bot.waits(2 * HOUR + 1)
    assert gates(town)[:2] == ("completed", "success")
    assert "| canary | 99% | at least 99% |" in told(town)
    assert "| canary | 10% | at least 10% |" in told(town)


def test_a_canary_and_its_measurements_are_shown_once_and_not_in_each_look(
    bot: Bot, town: Town, measuring: Running
):
    proposed(bot, town, f"{CANARY}, {SLO}")
    bot.waits(60)  # ana's push of the rules past pull requests is reported
    with town.expect_no_writes():
        town.github.advance(HOUR)
        bot.sweeps()
    bot.waits(HOUR + 1)
    with town.expect_no_writes():
        town.github.advance(HOUR)
        bot.sweeps()


def test_a_change_is_compared_with_the_value_at_the_deployment(bot: Bot, town: Town, measuring: Running):
    proposed(bot, town, metrics(QUEUE))
    assert gates(town)[:2] == ("in_progress", None)
    bot.waits(601)
    assert gates(town)[:2] == ("completed", "success")
    town.github.advance(3 * HOUR)
    bot.sweeps()
    assert gates(town) == (
        "completed",
        "failure",
        "Change of `queue` in dev since before the deployment is 300% (10 → 40), needed: at most 50%",
    )


def test_a_critical_alert_blocks_until_somebody_silences_it(bot: Bot, town: Town, alerting: Real):
    alerting.fires(alertname="Burns", severity="critical", environment="dev")
    alerting.fires(alertname="Warm", severity="warning", environment="dev")
    alerting.fires(alertname="Elsewhere", severity="critical", environment="staging")
    proposed(bot, town, ALERTS)
    assert gates(town)[:2] == ("completed", "failure")
    assert gates(town)[2].startswith("1 alert of dev fires: `Burns` since ")
    alerting.silence("alertname", "Burns")
    bot.sweeps()
    assert gates(town)[:2] == ("completed", "success")
    assert "| critical_alerts | 0 firing | at most 0 |" in told(town)


def approved_before_ci(bot: Bot, town: Town, rules: str) -> Pull:
    """All gates pass, and ana has approved that; only the config repository's own CI is still missing."""
    pull = proposed(bot, town, rules)
    assert gates(town)[:2] == ("completed", "success")
    town.github.check("splattop/config", pull.head_sha, "helm-lint", conclusion=None)
    town.github.review(pull, by="ana")
    bot.settles()
    assert town.check(pull, "lockstep: main / approvals") == ("completed", "success")
    assert not pull.merged
    return pull


def ci_ends(bot: Bot, town: Town, pull: Pull) -> None:
    town.github.check("splattop/config", pull.head_sha, "helm-lint")
    bot.settles()


def test_a_prometheus_killed_before_the_merge_is_unknown_and_nothing_is_merged_until_it_is_back(
    bot: Bot, town: Town, measuring: Running
):
    pull = approved_before_ci(bot, town, ", ".join((SLO, BUDGET, metrics(LATENCY))))
    measuring.kill()
    ci_ends(bot, town, pull)
    assert not pull.merged
    assert gates(town)[:2] == ("completed", "failure")
    assert "refused the connection" in gates(town)[2]
    assert town.check(pull) == ("completed", "failure")

    with town.expect_no_writes():
        bot.sweeps()
    measuring.start()
    bot.waits(121)
    assert pull.merged
    with town.expect_no_writes():
        bot.sweeps()


def test_an_alertmanager_killed_before_the_merge_is_unknown_and_its_first_minutes_are_no_calm(
    bot: Bot, town: Town, alerting: Real
):
    pull = approved_before_ci(bot, town, ALERTS)
    alerting.server.kill()
    ci_ends(bot, town, pull)
    assert not pull.merged
    assert gates(town)[:2] == ("completed", "failure")
    assert "refused the connection" in gates(town)[2]

    town.github.world.clock.run()  # the Alertmanager's clock is the real one
    alerting.server.start()
    bot.sweeps()
    assert not pull.merged
    assert "it may not know every alert yet" in gates(town)[2]
    bot.waits(180)
    assert pull.merged


def test_one_look_asks_github_once_and_prometheus_once_for_each_value(
    bot: Bot, town: Town, measuring: Running, monkeypatch: pytest.MonkeyPatch
):
    staging = proposed(bot, town, ", ".join((SLO, BUDGET, metrics(LATENCY))))
    asked: list[str] = []
    outbound = bot.works.house.readers._measures._prometheus._outbound
    ask = outbound.request
    monkeypatch.setattr(
        outbound, "request", lambda method, url, **more: asked.append(url) or ask(method, url, **more)
    )
    promotion = next(each for each in bot.store.promotions.all_open() if each.pull_number == staging.number)
    before = len(town.github.requests)
    bot.works_on(f"pull:{promotion.installation_id}:{promotion.config_repository_id}:{staging.number}")
    github = [f"{each.method} {each.path}" for each in town.github.requests[before:]]
    assert github == ["POST /graphql"]
    assert asked == [f"{measuring.url}/api/v1/query"] * 4  # availability, error rate, budget, latency
