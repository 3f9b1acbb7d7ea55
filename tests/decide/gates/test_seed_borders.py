"""The seed's tables at their borders: the shipped numbers for tests, coverage and security, read from the file (P1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.decide.gates import coverage, security, tests
from bot.decide.gates.named_check import Checks
from bot.model.facts import Check, CheckState
from bot.model.policy_gates import CoverageGate, SecurityGate, TestsGate
from bot.model.reports import CoverageReport, Findings, Reported
from bot.model.verdict import Outcome

SHIPPED = Path(__file__).resolve().parents[3] / "policies" / "promotion-rules.yaml"
ENVIRONMENTS = yaml.safe_load(SHIPPED.read_text("utf-8"))["environments"]

COVERAGE = {"staging": 70, "canary": 80, "production": 85}
HIGH = {"staging": 5, "canary": 0, "production": 0}
SUITES = {
    "staging": ("unit", "integration"),
    "canary": ("unit", "integration", "e2e", "performance"),
    "production": ("unit", "integration", "e2e", "performance"),
}


def shipped(environment: str, gate: str) -> dict[str, Any]:
    return ENVIRONMENTS[environment]["gates"][gate]


@pytest.mark.parametrize(("environment", "percent"), COVERAGE.items())
@pytest.mark.parametrize(("missing", "outcome"), [(0, Outcome.PASS), (1, Outcome.BLOCK)])
def test_coverage_passes_exactly_at_the_seeds_percentage(
    environment: str, percent: int, missing: int, outcome: Outcome
) -> None:
    report = CoverageReport(lines_covered=percent * 1000 - missing, lines_total=100_000)
    gate = CoverageGate(**shipped(environment, "coverage"))
    assert coverage.evaluate(gate, Reported(value=report, source="coverage.xml")).outcome is outcome


@pytest.mark.parametrize(("environment", "high"), HIGH.items())
@pytest.mark.parametrize(
    ("critical", "more", "outcome"), [(0, 0, Outcome.PASS), (0, 1, Outcome.BLOCK), (1, 0, Outcome.BLOCK)]
)
def test_findings_pass_up_to_the_seeds_numbers(
    environment: str, high: int, critical: int, more: int, outcome: Outcome
) -> None:
    findings = Findings(critical=critical, high=high + more, medium=1000, low=1000)
    gate = SecurityGate(**shipped(environment, "security"))
    found = {"artifact": Reported(value=findings, source="trivy.json")}
    assert security.evaluate(gate, found).outcome is outcome


@pytest.mark.parametrize(
    ("environment", "suite"),
    [(environment, suite) for environment, all_of in SUITES.items() for suite in all_of],
)
def test_each_of_the_seeds_suites_is_needed(environment: str, suite: str) -> None:
    gate = TestsGate(require=tuple(shipped(environment, "tests")["require"]))
    found = [
        Check(name=name, state=CheckState.SUCCESS, app_id=15368, conclusion="success")
        for name in SUITES[environment]
    ]
    answers = [
        tests.evaluate(gate, checks=Checks(found=some, commit="3f2a91c", own_app=1), reports={}).outcome
        for some in (found, [each for each in found if each.name != suite])
    ]
    assert answers == [Outcome.PASS, Outcome.UNKNOWN]
