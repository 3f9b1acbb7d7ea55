"""The shipped defaults are the seed's three tables, number by number (row P1)."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest

from bot.adapters.rules import json_schema, load, shipped_rules
from bot.adapters.rules.document import read_document
from bot.adapters.rules.load import SHIPPED
from bot.errors import UserError
from bot.model.policy_gates import Approval, Gates

SCHEMA = SHIPPED.with_name("promotion-rules.schema.json")


def shipped(name: str) -> Gates:
    gates = shipped_rules().environments[name].gates.made()
    assert isinstance(gates, Gates)
    return gates


@pytest.mark.parametrize(
    ("environment", "suites"),
    [
        ("staging", ("unit", "integration")),
        ("canary", ("unit", "integration", "e2e", "performance")),
        ("production", ("unit", "integration", "e2e", "performance")),
    ],
)
def test_the_tests_demanded_are_those_of_the_tables(environment: str, suites: tuple[str, ...]) -> None:
    tests = shipped(environment).tests
    assert tests is not None
    assert tests.require == suites


@pytest.mark.parametrize(("environment", "percent"), [("staging", 70), ("canary", 80), ("production", 85)])
def test_the_coverage_demanded_is_that_of_the_tables(environment: str, percent: int) -> None:
    coverage = shipped(environment).coverage
    assert coverage is not None
    assert coverage.min_percent == percent


@pytest.mark.parametrize(
    ("environment", "critical", "high"), [("staging", 0, 5), ("canary", 0, 0), ("production", 0, 0)]
)
def test_the_findings_allowed_are_those_of_the_tables(environment: str, critical: int, high: int) -> None:
    security = shipped(environment).security
    assert security is not None
    assert (security.max_critical, security.max_high) == (critical, high)


@pytest.mark.parametrize(
    ("environment", "availability", "error_rate"),
    [("staging", 99, 1), ("canary", 99.5, 0.5), ("production", 99.9, 0.1)],
)
def test_the_service_levels_are_those_of_the_tables(
    environment: str, availability: float, error_rate: float
) -> None:
    slo = shipped(environment).slo
    assert slo is not None
    assert (slo.min_availability_percent, slo.max_error_rate_percent) == (availability, error_rate)


@pytest.mark.parametrize(("environment", "percent"), [("staging", 50), ("canary", 30), ("production", 20)])
def test_the_error_budget_is_that_of_the_tables(environment: str, percent: int) -> None:
    budget = shipped(environment).error_budget
    assert budget is not None
    assert budget.max_consumed_percent == percent


def test_production_demands_the_canary_of_its_table() -> None:
    canary = shipped("production").canary
    assert canary is not None
    numbers = (canary.min_traffic_percent, canary.min_duration, canary.min_success_rate_percent)
    assert numbers == (10, timedelta(hours=24), 99)


@pytest.mark.parametrize("environment", ["staging", "canary"])
def test_only_production_has_a_canary_gate(environment: str) -> None:
    assert shipped(environment).canary is None


@pytest.mark.parametrize("environment", ["staging", "canary", "production"])
def test_no_critical_alert_may_fire(environment: str) -> None:
    alerts = shipped(environment).critical_alerts
    assert alerts is not None
    assert alerts.max_firing == 0


@pytest.mark.parametrize("environment", ["staging", "canary", "production"])
def test_every_promotion_has_the_gates_that_the_seed_lists_as_safety(environment: str) -> None:
    gates = shipped(environment)
    named = (gates.tests, gates.security, gates.quality, gates.slo, gates.error_budget, gates.stability)
    assert None not in named


@pytest.mark.parametrize(
    ("environment", "roles"),
    [
        ("staging", []),
        ("canary", ["sre", "qa"]),
        ("production", ["sre", "engineering-lead", "product-owner"]),
    ],
)
def test_the_approvals_are_those_of_the_tables(environment: str, roles: list[str]) -> None:
    approvals = [approval.made() for approval in shipped_rules().environments[environment].approvals]
    assert approvals == [Approval(role=role, count=1) for role in roles]


@pytest.mark.parametrize("environment", ["staging", "canary", "production"])
def test_auto_promote_is_disabled(environment: str) -> None:
    assert shipped_rules().environments[environment].auto_promote is False


@pytest.mark.parametrize("environment", ["dev", "staging", "canary", "production"])
def test_nothing_rolls_back_by_itself_as_shipped(environment: str) -> None:
    assert shipped_rules().environments[environment].rollback.automatic is False


def test_what_ships_names_no_source_role_or_file() -> None:
    rules = shipped_rules()
    values = [environment.values for environment in rules.environments.values()]
    assert (rules.sources, rules.roles, any(values)) == ([], {}, False)


def test_the_first_line_names_the_schema_for_editors() -> None:
    first = SHIPPED.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema=./{SCHEMA.name}"


def test_the_committed_schema_is_current() -> None:
    committed = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert committed == json_schema(), "run: lockstep check --schema > policies/promotion-rules.schema.json"


def test_what_ships_obeys_the_schema() -> None:
    document = read_document(SHIPPED.name, SHIPPED.read_bytes())
    jsonschema.Draft202012Validator(json_schema()).validate(document.data)


def test_an_installation_without_its_defaults_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "SHIPPED", tmp_path / "promotion-rules.yaml")
    with pytest.raises(UserError, match=r"promotion-rules\.yaml cannot be read .*; install Lockstep again"):
        load.shipped_rules.__wrapped__()


def test_an_installation_with_broken_defaults_names_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "promotion-rules.yaml"
    broken.write_text("version: 1\nenviroments: {}\n", encoding="utf-8")
    monkeypatch.setattr(load, "SHIPPED", broken)
    with pytest.raises(UserError, match=r"promotion-rules\.yaml:2:1: enviroments: unknown key"):
        load.shipped_rules.__wrapped__()
