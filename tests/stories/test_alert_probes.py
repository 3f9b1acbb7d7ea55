"""Probes on pull requests: what ships is tested by promtool and amtool, confined (rows A2, G2, G3; cases 50, 74)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.adapters.confined import Limits
from bot.adapters.promtool import Promtool
from bot.errors import UserError
from bot.sandbox.setting import Link
from tests.stories.alert_town import (
    ALERTS,
    BASE,
    SOURCE,
    SUMMARY,
    bundles,
    lines,
    proposed,
    pushed,
    told,
    with_alerts,
)
from tests.stories.cast import Bot, Town

PROBES = "lockstep: main / probes"
TESTS = """\
rule_files: [../alerts/api.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series: [{series: 'up{job="api"}', values: 0x20}]
    alert_rule_test:
      - eval_time: 10m
        alertname: ApiDown
        exp_alerts:
          - exp_labels: {severity: critical, job: api}
            exp_annotations: {summary: The API is down}
"""
ALERTMANAGER = """\
route: {receiver: default, routes: [{matchers: [severity="critical"], receiver: pager}]}
receivers: [{name: default}, {name: pager}]
"""


@pytest.fixture(autouse=True)
def alerts(bot: Bot, town: Town) -> None:
    with_alerts(
        bot, town, ALERTS + "  alertmanager: ops/alertmanager.yml\n", {"ops/alertmanager.yml": ALERTMANAGER}
    )


def test_a_unit_test_runs_against_what_ships_and_turns_red_and_green(bot: Bot, town: Town):
    pull = proposed(bot, town, {"ops/tests/api.yml": TESTS})
    assert town.check(pull, PROBES) == ("completed", "success"), told(town, pull, PROBES)
    assert "1 of 2 rules are tested" in told(town, pull, PROBES)
    assert "2 receivers, 0 inhibit rules, 1 routes" in told(town, pull, PROBES)

    pushed(bot, town, {"ops/tests/api.yml": TESTS.replace("eval_time: 10m", "eval_time: 2m")})
    assert town.check(pull, PROBES) == ("completed", "failure")
    assert town.check(pull, SUMMARY) == ("completed", "failure")
    assert [path for path, _ in lines(town, pull, PROBES) if path == "ops/tests/api.yml"]

    with town.expect_no_writes():
        bot.sweeps()


def test_critical_production_alerts_that_end_at_the_default_receiver_are_a_finding(bot: Bot, town: Town):
    pull = proposed(bot, town, {"ops/alertmanager.yml": ALERTMANAGER.replace('"critical"', '"page"')})
    assert town.check(pull, PROBES) == ("completed", "failure")


@pytest.mark.parametrize("path", ["/etc/passwd", "../../../../etc/passwd"])
def test_case_50_a_test_that_loads_the_worker_s_files_is_refused(bot: Bot, town: Town, path: str):
    hostile = TESTS.replace("../alerts/api.yml", path)
    pull = proposed(bot, town, {"ops/tests/evil.yml": hostile})
    assert town.check(pull, PROBES) == ("completed", "failure")
    assert "root:" not in told(town, pull, PROBES)


def test_case_50_a_linked_test_is_refused(bot: Bot, town: Town):
    pull = proposed(bot, town, {"ops/tests/evil.yml": Link("/etc/passwd")})
    assert town.check(pull, PROBES) == ("completed", "failure")
    assert "symbolic link" in told(town, pull, PROBES)


def test_case_74_a_test_that_never_ends_is_stopped_and_fails_what_was_green(bot: Bot, town: Town):
    limits = Limits(seconds=1, megabytes=512, together=5)
    amtool = bot.works.house.probers()[1]
    impatient = replace(bot.works.house, probers=lambda: (Promtool.found(None, limits), amtool))
    bot = replace(bot, works=replace(bot.works, house=impatient))
    pull = proposed(bot, town, {"ops/tests/api.yml": TESTS})
    assert town.check(pull, PROBES) == ("completed", "success"), told(town, pull, PROBES)
    endless = TESTS.replace("0x20", "0x20000000").replace("eval_time: 10m", "eval_time: 300000h")
    pushed(bot, town, {"ops/tests/api.yml": endless})
    assert town.check(pull, PROBES) == ("completed", "failure")
    assert town.check(pull, SUMMARY) == ("completed", "failure")


def test_a_worker_without_promtool_says_so_and_passes_nothing(bot: Bot, town: Town):
    def missing():
        raise UserError("promtool is not installed; install it")

    bot = replace(bot, works=replace(bot.works, house=replace(bot.works.house, probers=missing)))
    pull = proposed(
        bot, town, {SOURCE: BASE.replace("10m", "15m"), **bundles(BASE.replace("10m", "15m"), "staging")}
    )
    assert town.check(pull, PROBES) == ("completed", "failure")
    assert "promtool is not installed" in told(town, pull, PROBES)
    assert town.check(pull, SUMMARY) == ("completed", "failure")


def test_a_runbook_elsewhere_in_the_repository_is_found(bot: Bot, town: Town):
    base = BASE.replace(
        "          summary: The API is down\n", "          summary: x\n          runbook_url: docs/api.md\n"
    )
    pull = proposed(bot, town, {SOURCE: base, **bundles(base, "staging")})
    assert town.check(pull, PROBES) == ("completed", "failure")
    assert "docs/api.md" in told(town, pull, PROBES)
    pushed(bot, town, {"docs/api.md": "# API\n"})
    assert town.check(pull, PROBES) == ("completed", "success"), told(town, pull, PROBES)
