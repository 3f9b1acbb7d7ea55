"""Bundle promotions: staging's alert rules reach production by pull request, when three things are there (row A5)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import Pull
from tests.stories.alert_town import (
    ALERTS,
    BASE,
    DRIFT,
    PRODUCTION,
    RULES_FILE,
    SLOWER,
    SOURCE,
    bundles,
    rendered,
    told,
    with_alerts,
)
from tests.stories.cast import RULES, Bot, Town
from tests.stories.terminal import Terminal

HOUR = 3600
OTHER = (
    BASE.replace("name: api", "name: other").replace("ApiDown", "OtherDown").replace("ApiSlow", "OtherSlow")
)
BROKEN = """\
rule_files: [../alerts/api.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series: [{series: 'up{job="api"}', values: 1x20}]
    alert_rule_test: [{eval_time: 10m, alertname: ApiDown, exp_alerts: [{exp_labels: {severity: critical}}]}]
"""


@pytest.fixture(autouse=True)
def alerts(bot: Bot, town: Town) -> None:
    with_alerts(bot, town)
    town.github.ci_for("splattop/config", ["helm-lint"])
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    town.github.team("splattop/platform", members=["ana", "cho"])


def merged(bot: Bot, town: Town, files: dict[str, object]) -> None:
    """A change of the rules and of staging's bundle is on the default branch."""
    town.github.push("splattop/config", "main", files, by="ana")  # type: ignore[arg-type]  # str and bytes
    bot.settles()


def asked(bot: Bot, town: Town, words: str = "/promote production alerts") -> Pull:
    """Somebody with the right says so on any pull request."""
    town.github.push("splattop/config", "notes", {"notes.md": words}, by="ana")
    pull = next((each for each in town.pulls() if each.head_ref == "notes"), None) or town.github.open_pull(
        "splattop/config", "notes", by="ana"
    )
    town.github.comment(pull, "root", words)
    bot.settles()
    return pull


def answers(pull: Pull) -> str:
    return "\n".join(comment.body for comment in pull.comments)


def test_a_bundle_is_promoted_reviewed_and_merged(bot: Bot, town: Town):
    merged(bot, town, {SOURCE: SLOWER, **bundles(SLOWER, "staging")})
    bot.waits(2 * HOUR)
    asked(bot, town)
    pull = town.pull("production")
    assert pull.head_ref == "lockstep/production/alerts"
    assert pull.title.startswith("Promote alert bundle ")
    assert {label.name for label in pull.labels} >= {"automation:release-bump", "env:production"}
    there = town.github.file("splattop/config", pull.head_ref, "bundles/production/api.yml")
    assert there == rendered(SLOWER, "production")
    assert town.check(pull, DRIFT) == ("completed", "success"), told(town, pull)
    town.github.review(pull, by="ana")
    bot.settles()
    assert not pull.merged  # she wrote the rules that it brings
    town.github.review(pull, by="cho")
    bot.settles()
    assert pull.merged, told(town, pull, "lockstep: main")
    assert town.github.file("splattop/config", "main", "bundles/production/api.yml") == there

    with town.expect_no_writes():
        bot.sweeps()


def test_files_that_are_gone_go_away_with_it(bot: Bot, town: Town):
    merged(
        bot,
        town,
        {
            "ops/alerts/other.yml": OTHER,
            **{f"bundles/{name}/other.yml": rendered(OTHER, name) for name in ("staging", "production")},
        },
    )
    merged(bot, town, {"ops/alerts/other.yml": None, "bundles/staging/other.yml": None})
    bot.waits(2 * HOUR)
    asked(bot, town)
    pull = town.pull("production")
    assert town.github.file("splattop/config", pull.head_ref, "bundles/production/other.yml") is None
    assert town.check(pull, DRIFT) == ("completed", "success"), told(town, pull)


def test_it_waits_for_its_soak_and_then_goes_by_being_asked_again(bot: Bot, town: Town):
    merged(bot, town, {SOURCE: SLOWER, **bundles(SLOWER, "staging")})
    pull = asked(bot, town)
    assert "production wants 1 h of it" in answers(pull)
    assert len(town.pulls()) == 1
    bot.waits(2 * HOUR)
    town.github.comment(pull, "ana", "/promote production alerts")
    bot.settles()
    assert town.pull("production").title.startswith("Promote alert bundle ")


def test_a_failing_unit_test_blocks_production(bot: Bot, town: Town):
    merged(bot, town, {SOURCE: SLOWER, **bundles(SLOWER, "staging"), "ops/tests/api.yml": BROKEN})
    bot.waits(2 * HOUR)
    pull = asked(bot, town)
    assert "probes is not green on the default branch" in answers(pull)
    assert len(town.pulls()) == 1


def test_drift_on_the_default_branch_blocks_production(bot: Bot, town: Town):
    merged(bot, town, {SOURCE: SLOWER})
    bot.waits(2 * HOUR)
    pull = asked(bot, town)
    assert "drift is not green on the default branch" in answers(pull)
    assert len(town.pulls()) == 1


def test_equal_bundles_need_no_promotion(bot: Bot, town: Town):
    pull = asked(bot, town)
    assert "production has the alert rules of staging" in answers(pull)
    assert len(town.pulls()) == 1


def test_case_78_a_push_to_its_branch_is_left_to_people(bot: Bot, town: Town):
    merged(bot, town, {SOURCE: SLOWER, **bundles(SLOWER, "staging")})
    bot.waits(2 * HOUR)
    asked(bot, town)
    pull = town.pull("production")
    town.github.push(
        "splattop/config", pull.head_ref, {"bundles/production/api.yml": b"groups: []\n"}, by="ana"
    )
    town.github.review(pull, by="ana")
    bot.settles().sweeps()
    assert not pull.merged
    assert town.check(pull) == ("completed", "failure")


HASTY = {RULES_FILE: (RULES + PRODUCTION + ALERTS).replace("soak: 1h", "soak: 1s")}
"""A command line's clock cannot be set forward."""


def test_a_dry_run_shows_the_bundle_and_writes_nothing(bot: Bot, town: Town, terminal: Terminal):
    merged(bot, town, {SOURCE: SLOWER, **bundles(SLOWER, "staging"), **HASTY})
    bot.waits(5)
    with terminal.expect_nothing_written():
        said = terminal.runs("promote", "--to", "production", "--dry-run", "alerts")
    assert said.code == 0, said.out + said.err
    assert "open_pull: Promote alert bundle " in said.out
    assert "+        for: 20m" in said.out

    with terminal.expect_nothing_written():
        again = terminal.runs("gates", "--to", "production", "--json")
    (found,) = [each for each in again.json["promotions"] if each["source"] == "alerts"]
    assert [(each["gate"], each["outcome"]) for each in found["gates"]] == [
        ("bundle", "pass"),
        ("drift", "pass"),
        ("probes", "pass"),
    ]


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        ({RULES_FILE: RULES + PRODUCTION + ALERTS}, ["bundle"]),
        ({"bundles/staging/api.yml": rendered(BASE, "staging")}, ["drift"]),
        ({"ops/tests/api.yml": BROKEN}, ["probes"]),
    ],
    ids=["bundle", "drift", "probes"],
)
def test_which_of_the_three_is_missing_is_told_everywhere(
    bot: Bot,
    town: Town,
    terminal: Terminal,
    files: dict[str, object],
    lacks: list[str],
):
    merged(bot, town, {SOURCE: SLOWER, **bundles(SLOWER, "staging"), **HASTY, **files})
    bot.waits(5)
    pull = asked(bot, town, "/status")
    why = f"of the three that it takes, {lacks[0]} is missing."
    assert "**alerts to production**: The bundle " in answers(pull)
    assert why in answers(pull)

    with terminal.expect_nothing_written():
        said = terminal.runs("why", "production", "alerts", "--json")
    needed = {each["what"]: each["outcome"] for each in said.json["next"]["needed"]}
    assert [name for name, outcome in needed.items() if outcome != "pass"] == lacks
    assert said.code == 1
    assert why in terminal.runs("why", "production", "alerts").out

    with terminal.expect_nothing_written():
        dry = terminal.runs("promote", "--to", "production", "--dry-run", "alerts")
    assert dry.code == 1
    assert "No alert bundle is promoted to production: " in dry.out
    assert f"{lacks[0]}" in dry.out.partition("Would wait for:")[2]


def test_why_names_the_promotion_that_brought_the_bundle(bot: Bot, town: Town, terminal: Terminal):
    merged(bot, town, {SOURCE: SLOWER, **bundles(SLOWER, "staging"), **HASTY})
    bot.waits(5)
    before = terminal.runs("why", "production", "alerts")
    assert "Lockstep never promoted one there" in before.out
    assert "can be promoted: comment `/promote production alerts`" in before.out
    asked(bot, town)
    pull = town.pull("production")
    town.github.review(pull, by="cho")
    bot.settles()
    assert pull.merged
    said = terminal.runs("why", "production", "alerts")
    assert said.code == 0, said.out + said.err
    assert f"because #{pull.number} was merged." in said.out.splitlines()[0]
    assert "Nothing to promote: production has the alert rules of staging." in said.out
