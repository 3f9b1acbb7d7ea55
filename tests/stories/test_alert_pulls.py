"""Pull requests that touch alert rules: drift is a check run, at the line in the source (rows A3, A4; cases 74, 75)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.adapters.confined import Apart, Limits
from bot.run import alert_pulls
from bot.sandbox.setting import Link, Submodule
from tests.stories.alert_town import (
    BASE,
    DRIFT,
    RULES_FILE,
    SLOWER,
    SOURCE,
    SUMMARY,
    bundles,
    lines,
    proposed,
    pushed,
    rendered,
    told,
    with_alerts,
)
from tests.stories.cast import RULES, Bot, Town


@pytest.fixture(autouse=True)
def alerts(bot: Bot, town: Town) -> None:
    with_alerts(bot, town)


def test_a_source_without_its_bundle_is_drift_at_the_source_s_line_and_turns_green(bot: Bot, town: Town):
    pull = proposed(bot, town, {SOURCE: SLOWER})
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert town.check(pull, SUMMARY) == ("completed", "failure")
    assert lines(town, pull) == [(SOURCE, 13)]
    assert "--output bundles/staging --environment staging" in told(town, pull)

    pushed(bot, town, bundles(SLOWER, "staging"))
    assert town.check(pull, DRIFT) == ("completed", "success")
    assert town.check(pull, SUMMARY) == ("completed", "success")
    assert "production is behind staging: 1 difference in 1 file" in told(town, pull)

    with town.expect_no_writes():
        bot.sweeps()


def test_it_is_shown_as_queued_before_anything_is_rendered_and_the_same_run_is_answered(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch
):
    shown: list[tuple[str, str]] = []
    genuine = alert_pulls.drifted

    def drifted(house, question):
        checks = town.checks(town.pulls()[0])
        shown.extend((each.name, each.status) for each in checks.values() if each.name.startswith("lockstep"))
        return genuine(house, question)

    monkeypatch.setattr(alert_pulls, "drifted", drifted)
    pull = proposed(bot, town, {SOURCE: SLOWER})
    assert shown == [(SUMMARY, "queued")]
    config = town.github.repo("splattop/config")
    runs = [
        each for each in config.check_runs.values() if (each.name, each.head_sha) == (SUMMARY, pull.head_sha)
    ]
    assert [each.status for each in runs] == ["completed"]


def test_a_pull_request_without_alerts_has_no_drift_and_costs_no_question(bot: Bot, town: Town):
    pull = proposed(bot, town, {"docs/notes.md": "x"})
    assert DRIFT not in town.checks(pull)
    assert bot.works.house.alerts == {}


def test_a_production_bundle_that_is_edited_by_hand_blocks_at_its_line(bot: Bot, town: Town):
    edited = rendered(BASE, "production").replace(b"for: 5m", b"for: 1h")
    pull = proposed(bot, town, {"bundles/production/api.yml": edited})
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert "The bundle of production is not what `ops/alerts` renders to" in told(town, pull)
    assert lines(town, pull) == [(SOURCE, 6)]


def test_a_bundle_file_that_goes_away_blocks(bot: Bot, town: Town):
    pull = proposed(bot, town, {"bundles/production/api.yml": None, "bundles/production/other.yml": BASE})
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert "stands in the source and is missing in the bundle of production" in told(town, pull)


def test_a_source_that_cannot_be_rendered_says_where(bot: Bot, town: Town):
    pull = proposed(bot, town, {SOURCE: BASE.replace("for: 5m", "for: soon")})
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert lines(town, pull) == [(SOURCE, 6)]


@pytest.mark.parametrize("kind", [Link("/etc/passwd"), Submodule("1" * 40)], ids=["symlink", "submodule"])
def test_case_50_a_hostile_link_is_refused_and_never_followed(bot: Bot, town: Town, kind: object):
    pull = proposed(bot, town, {"ops/alerts/evil.yml": kind})
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert ("ops/alerts/evil.yml", 1) in lines(town, pull)
    assert "put the file itself there" in told(town, pull)


def test_case_49_a_file_that_is_too_large_for_a_bundle_is_refused_and_read_by_the_guards_alone(
    bot: Bot, town: Town
):
    pull = proposed(bot, town, {"ops/alerts/huge.yml": b"# much\n" * 300_000})
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert "has 2100000 bytes, which is more than is read" in told(town, pull)
    assert len([each.path for each in town.github.requests if "/git/blobs/" in each.path]) == 1


def test_case_49_a_file_of_100_megabytes_is_refused_unread(bot: Bot, town: Town):
    size = 100_000_000
    pull = proposed(bot, town, {"ops/alerts/huge.yml": bytes(size)})
    for check in (DRIFT, "lockstep: main / probes", SUMMARY):
        assert town.check(pull, check) == ("completed", "failure")
    assert f"has {size} bytes, which is more than is read" in told(town, pull)
    assert not [each.path for each in town.github.requests if "/git/blobs/" in each.path]


def test_case_74_files_that_take_too_long_to_read_are_refused_within_the_limit(bot: Bot, town: Town):
    short = Apart(limits=Limits(seconds=1, megabytes=256))
    bot = replace(bot, works=replace(bot.works, house=replace(bot.works.house, apart=short)))
    many = "groups:\n  - name: api\n    rules:\n" + "".join(
        f"      - {{alert: A{number}, expr: up == {number}}}\n" for number in range(12_000)
    )
    pull = proposed(bot, town, {SOURCE: many})
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert "Reading the alert files takes more processor time or memory than it may" in told(town, pull)
    assert town.check(pull, SUMMARY) == ("completed", "failure")

    with town.expect_no_writes():
        bot.sweeps()


def test_case_74_invalid_rules_take_back_a_green_answer(bot: Bot, town: Town):
    pull = proposed(bot, town, {SOURCE: SLOWER, **bundles(SLOWER, "staging")})
    assert town.check(pull, DRIFT) == ("completed", "success")
    town.github.push("splattop/config", "main", {RULES_FILE: "version: 1\nsources: 7\n"}, by="ana")
    bot.settles().sweeps()
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert town.check(pull, SUMMARY) == ("completed", "failure")


def test_case_75_a_thousand_differing_rules_still_give_a_conclusion(bot: Bot, town: Town):
    many = "groups:\n  - name: api\n    rules:\n" + "".join(
        f"      - {{alert: A{number}, expr: up == {number}}}\n" for number in range(1020)
    )
    pull = proposed(bot, town, {SOURCE: many})
    assert town.check(pull, DRIFT) == ("completed", "failure")
    assert len(lines(town, pull)) == 1000
    assert "more differences" in told(town, pull)


def test_a_fork_is_judged_the_same(bot: Bot, town: Town):
    fork = town.github.fork("splattop/config", "ben")
    town.github.push(fork, "change", {SOURCE: SLOWER}, by="ben")
    pull = town.github.open_pull("splattop/config", "ben:change", by="ben")
    bot.settles()
    assert town.check(pull, DRIFT) == ("completed", "failure")


def test_the_same_files_are_read_and_judged_once(bot: Bot, town: Town):
    proposed(bot, town, {SOURCE: SLOWER})
    before = len(town.github.requests)
    bot.sweeps()
    asked = [each.path for each in town.github.requests[before:]]
    assert not [path for path in asked if "/git/" in path]


def test_case_43_the_rules_of_the_base_say_what_alerts_are(bot: Bot, town: Town):
    pull = proposed(bot, town, {RULES_FILE: RULES, SOURCE: SLOWER})
    assert town.check(pull, DRIFT) == ("completed", "failure")
