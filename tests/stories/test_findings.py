"""GitHub's own findings on the way of a promotion: code scanning and Dependabot (rows P1, P2)."""

from __future__ import annotations

import pytest

from bot.sandbox.state import WorkflowRun
from tests.stories.cast import Bot, Town
from tests.stories.test_gates import GOOD, built, demand, gates, told

APP = "splattop/app"
CODE = "security: {max_high: 0, sources: [code-scanning]}"
BOTH = "security: {max_critical: 0, max_high: 1, sources: [code-scanning, dependabot]}"


def scanned(town: Town, **more: str) -> WorkflowRun:
    """CI finishes on a new commit, which code scanning has looked at."""
    run = built(town, {})
    town.github.analysis(APP, run.head_sha, **more)
    return run


def test_a_clean_scan_lets_the_release_through_and_names_its_page(bot: Bot, town: Town):
    demand(town, CODE)
    run = scanned(town)
    bot.settles()
    assert gates(town)[:2] == ("completed", "success")
    summary = told(town)
    assert "| 0 high | ≤ 0 high |" in summary
    assert "/splattop/app/security/code-scanning)" in summary
    assert run.head_sha[:7] in summary
    with town.expect_no_writes():
        bot.sweeps()


def test_findings_of_both_sources_are_added_up_and_block(bot: Bot, town: Town):
    demand(town, BOTH)
    scanned(town)
    town.github.code_alert(APP, "high")
    town.github.dependency_alert(APP, "high")
    bot.settles()
    assert gates(town) == ("completed", "failure", "2 high findings, at most 1 is allowed")
    assert town.check(town.pull("staging")) == ("completed", "failure")
    assert "py/sql" in told(town)
    assert "requests" in told(town)


def test_a_finding_that_a_person_dismisses_does_not_block_any_longer(bot: Bot, town: Town):
    demand(town, CODE)
    scanned(town)
    alert = town.github.code_alert(APP, "high")
    bot.settles()
    assert gates(town)[:2] == ("completed", "failure")
    town.github.settle_alert(alert, "dismissed")
    bot.sweeps()
    assert gates(town)[:2] == ("completed", "success")


def test_fixing_it_on_main_does_not_fix_what_is_promoted(bot: Bot, town: Town):
    demand(town, BOTH.replace("max_high: 1", "max_high: 0"))
    scanned(town)
    code, dependency = town.github.code_alert(APP, "high"), town.github.dependency_alert(APP, "high")
    bot.settles()
    town.github.advance(60)
    sha = town.github.push(APP, "main", {"fix": "1"}, by="dev")
    town.github.settle_alert(code)
    town.github.settle_alert(dependency)
    town.github.analysis(APP, sha)
    bot.sweeps()
    assert gates(town) == ("completed", "failure", "2 high findings, none is allowed")


def test_a_scan_that_is_still_to_come_is_unknown_and_counts_when_its_check_ends(bot: Bot, town: Town):
    demand(town, CODE)
    run = built(town, {})
    town.github.analysis(APP, town.github.push(APP, "main", {"x": "1"}, by="dev"))
    bot.settles()
    assert gates(town)[:2] == ("completed", "failure")
    assert f"no code scanning analysis of {run.head_sha[:7]}" in gates(town)[2]
    town.github.analysis(APP, run.head_sha)
    town.github.check(APP, run.head_sha, "CodeQL")
    bot.settles()
    assert gates(town)[:2] == ("completed", "success")


@pytest.mark.parametrize(
    ("source", "permission"),
    [("code-scanning", "security_events"), ("dependabot", "vulnerability_alerts")],
)
def test_a_permission_that_was_not_granted_is_named_and_only_this_gate_is_held(
    bot: Bot, town: Town, source: str, permission: str
):
    for installation in town.github.world.installations.values():
        installation.permissions.pop(permission, None)
    demand(town, f"security: {{sources: [{source}]}}, coverage: {{min_percent: 70}}")
    run = built(town, GOOD)
    town.github.analysis(APP, run.head_sha)
    bot.settles()
    assert gates(town)[:2] == ("completed", "failure")
    assert f"{permission}: read" in told(town)
    assert "≥ 70%" in told(town)


def test_where_the_rules_name_no_such_source_nothing_is_asked_and_no_such_token_made(bot: Bot, town: Town):
    demand(town, "security: {max_high: 1}")
    built(town, GOOD)
    bot.settles()
    assert gates(town)[:2] == ("completed", "success")
    assert not [each.path for each in town.github.requests if "alerts" in each.path]
    tokens = town.github.world.tokens.values()
    assert not [
        each for each in tokens if {"security_events", "vulnerability_alerts"} & set(each.permissions)
    ]
