"""The seed's three tables, line by line: the shipped defaults as a rules file that sets nothing gets them (row P1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters.rules import load_policy
from bot.model.policy import Environment

TABLES = Path(__file__).resolve().parents[2] / "data" / "seeds" / "001-promotion-rules.md"
RULES = b"""\
version: 1
sources:
  - {repository: o/app, workflow: .github/workflows/build.yml, components: {api: {image: ghcr.io/o/api}}}
roles: {sre: {users: [a]}, qa: {users: [b]}, engineering-lead: {users: [c]}, product-owner: {users: [d]}}
environments:
  dev: {values: [{file: dev.yaml, path: "{component}.image"}]}
  staging: {from: dev, values: [{file: staging.yaml, path: "{component}.image"}]}
  canary: {from: staging, values: [{file: canary.yaml, path: "{component}.image"}]}
  production: {from: canary, values: [{file: production.yaml, path: "{component}.image"}]}
"""
ROLES = {
    "SRE": "sre",
    "QA": "qa",
    "Engineering Lead": "engineering-lead",
    "Product Owner": "product-owner",
}


def lines() -> list[tuple[str, str]]:
    """Target environment and requirement, for each line of the tables."""
    found, target = [], ""
    for line in TABLES.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"### (\w+) → (\w+)", line):
            target = heading[2].lower()
        elif line.startswith(("- ", "**Auto-promote")):
            found.append((target, re.sub(r"^- [^\w]+", "", line)))
    return found


def into(name: str) -> Environment:
    result = load_policy({"promotion/promotion-rules.yaml": RULES}, sha="0" * 40)
    assert result.policy is not None, result.errors
    found = result.policy.environment(name)
    assert found is not None
    return found


def suites(*wanted: str) -> Callable[[Environment, re.Match[str]], bool]:
    return lambda env, _: env.gates.tests is not None and set(wanted) <= set(env.gates.tests.require)


def roles(env: Environment, said: re.Match[str]) -> bool:
    wanted = [(ROLES[name], 1) for name in said[1].split(" + ")]
    return [(each.role, each.count) for each in env.approvals] == wanted


KNOWN: dict[str, Callable[[Environment, re.Match[str]], bool]] = {
    r"Unit tests passed": suites("unit"),
    r"Integration tests passed": suites("integration"),
    r"All tests passed \(including E2E\)": suites("unit", "integration", "e2e"),
    r"All tests passed \(including E2E, performance\)": suites("unit", "integration", "e2e", "performance"),
    r"Performance tests passed": suites("performance"),
    r"Code coverage ≥ (\d+)%": lambda env, said: (
        env.gates.coverage is not None and env.gates.coverage.min_percent == float(said[1])
    ),
    r"Security scan passed \(max (\d+) high, (\d+) critical\)": lambda env, said: (
        env.gates.security is not None
        and (env.gates.security.max_high, env.gates.security.max_critical) == (int(said[1]), int(said[2]))
    ),
    r"SLO: Availability ≥ ([\d.]+)%, Error rate ≤ ([\d.]+)%": lambda env, said: (
        env.gates.slo is not None
        and (env.gates.slo.min_availability_percent, env.gates.slo.max_error_rate_percent)
        == (float(said[1]), float(said[2]))
    ),
    r"Error budget consumption < (\d+)%": lambda env, said: (
        env.gates.error_budget is not None and env.gates.error_budget.max_consumed_percent == float(said[1])
    ),
    r"No critical alerts": lambda env, _: (
        env.gates.critical_alerts is not None and env.gates.critical_alerts.max_firing == 0
    ),
    r"Canary metrics: (\d+)% traffic, (\d+)h duration, (\d+)% success rate": lambda env, said: (
        env.gates.canary is not None
        and (
            env.gates.canary.min_traffic_percent,
            env.gates.canary.min_duration,
            env.gates.canary.min_success_rate_percent,
        )
        == (float(said[1]), timedelta(hours=int(said[2])), float(said[3]))
    ),
    r"Approval: Not required": lambda env, _: env.approvals == (),
    r"Approval: Required \((.+)\)": roles,
    r"\*\*Auto-promote:\*\* Disabled": lambda env, _: env.auto_promote is False,
}


@pytest.mark.parametrize(("target", "requirement"), lines())
def test_what_ships_demands_the_line_of_the_seed(target: str, requirement: str) -> None:
    answers = [
        holds(into(target), said)
        for pattern, holds in KNOWN.items()
        if (said := re.fullmatch(pattern, requirement))
    ]
    assert answers == [True], f"{target}: {requirement}"


def test_all_three_tables_are_read_whole() -> None:
    counts = {
        name: sum(target == name for target, _ in lines()) for name in ("staging", "canary", "production")
    }
    assert counts == {"staging": 9, "canary": 8, "production": 8}


@pytest.mark.parametrize("name", ["staging", "canary"])
def test_what_a_table_does_not_list_of_the_canary_is_not_demanded(name: str) -> None:
    assert into(name).gates.canary is None
