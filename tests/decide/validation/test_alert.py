"""The alert, field by field as its contract has it (rows C1, C2), from reports as Maestro writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from bot.adapters.reports import maestro
from bot.adapters.reports.refused import ReportRefused
from bot.decide.validation import alert, alert_of, next_steps
from bot.decide.validation.alert import NoAlert, read_alert
from bot.decide.validation.steps import LOGS, NO_RESULTS, ROLLBACK, RUNNER, UNCLEAR
from bot.model.validation import Flow, Outcome, Validated

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data"
SEED = json.loads((DATA / "validation" / "alert.json").read_text())
SCHEMA = json.loads((ROOT / "policies" / "production-validation-alert.v1.schema.json").read_text())
WHEN = datetime(2025, 9, 24, 10, 30, tzinfo=UTC)


def problems(found: object) -> list[str]:
    validator = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
    return [each.message for each in validator.iter_errors(found)]


def report(name: str) -> dict[str, bytes]:
    return {name.rpartition("/")[2]: (DATA / name).read_bytes()}


FAILED_REPORT = "reports/junit/maestro/failed.xml"
"""What Maestro's own reporter writes of one flow that passed and one that failed."""


def made_of(data: bytes) -> dict[str, object]:
    """The alert of a report, with what a run tells beside it as the contract's example has it."""
    found = maestro.read({"report.xml": data})
    return alert(
        at=WHEN,
        deployment="deploy-12345",
        job_url="https://github.com/repo/actions/runs/12345",
        failed=found.failed,
        artifacts=["https://github.com/repo/actions/runs/12345/artifacts/screenshots"],
        steps=next_steps(found.failed),
    )


def test_maestros_own_report_becomes_the_contracts_alert_field_by_field() -> None:
    made = made_of((DATA / FAILED_REPORT).read_bytes())
    flows = [{"flowName": "flow_b.yaml", "exitCode": 1, "error": "Error message"}]
    assert made == {**SEED, "failedFlows": flows, "nextSteps": [LOGS, ROLLBACK, UNCLEAR]}
    assert list(made) == list(SEED)
    assert [list(each) for each in flows] == [list(each) for each in SEED["failedFlows"]]
    assert problems(made) == []


def test_with_the_contracts_flow_in_maestros_report_the_contracts_example_comes_out() -> None:
    (flow,) = SEED["failedFlows"]
    data = (DATA / FAILED_REPORT).read_bytes()
    data = data.replace(b".maestro/sub/flow_b.yaml", f".maestro/{flow['flowName']}".encode())
    made = made_of(data.replace(b"Error message", flow["error"].encode()))
    assert made == SEED
    assert list(made) == list(SEED)


def test_the_contracts_example_satisfies_the_published_schema() -> None:
    assert problems(SEED) == []


@pytest.mark.parametrize("field", sorted(SEED))
def test_the_schema_demands_every_field_of_the_contract(field: str) -> None:
    assert problems({key: value for key, value in SEED.items() if key != field})


def test_the_schema_takes_no_field_that_the_contract_does_not_have() -> None:
    assert problems({**SEED, "severity": "high"})


@pytest.mark.parametrize("code", [0, "1", None, 1.5])
def test_the_schema_takes_no_flow_that_did_not_fail(code: object) -> None:
    flow = {**SEED["failedFlows"][0], "exitCode": code}
    assert problems({**SEED, "failedFlows": [flow]})


def test_another_time_zone_is_told_in_utc() -> None:
    at = WHEN.astimezone(timezone(timedelta(hours=5, minutes=30)))
    made = alert(at=at, deployment="d", job_url="u", failed=[], artifacts=[], steps=[])
    assert made["timestamp"] == "2025-09-24T10:30:00Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        alert(at=datetime(2025, 9, 24), deployment="", job_url="", failed=[], artifacts=[], steps=[])


def validated(outcome: Outcome, **more: object) -> Validated:
    fields: dict[str, object] = {
        "config_repository_id": 1,
        "run_id": 12345,
        "attempt": 1,
        "deployment": "deploy-12345",
        "run_url": "https://github.com/splattop/infra/actions/runs/12345",
        "head_sha": "a" * 40,
        "at": WHEN,
    }
    return Validated(outcome=outcome, **{**fields, **more})  # type: ignore[arg-type]


def test_a_validation_that_passed_is_no_alert() -> None:
    with pytest.raises(ValueError, match="passed is no alert"):
        alert_of(validated(Outcome.PASSED))


def test_missing_results_are_an_alert_without_flows_that_says_what_to_do() -> None:
    made = alert_of(validated(Outcome.UNREADABLE, why="no report"))
    assert (made["failedFlows"], made["nextSteps"]) == ([], [LOGS, ROLLBACK, NO_RESULTS])
    assert problems(made) == []


@pytest.mark.parametrize(
    ("code", "error", "expected"),
    [
        (1, "Assertion failed: expected 'x' to be visible", ["Investigate failed assertions"]),
        (1, "Element not found: Text matching regex: Login", ["Investigate failed assertions"]),
        (1, "Timeout waiting for the page", ["Check whether production answers in time: flows timed out"]),
        (1, "502 Bad Gateway", None),
        (1, "java.net.ConnectException: Connection refused", None),
        (1, "HTTP 401", ["Check the accounts and secrets that the validation signs in with"]),
        (1, "App crashed", ["Look for a crash of the application"]),
        (137, "", [RUNNER]),
        (1, "something else", [UNCLEAR]),
    ],
)
def test_the_next_steps_depend_on_what_failed(code: int, error: str, expected: list[str] | None) -> None:
    reach = (
        "Check that production can be reached: addresses, certificates, load balancer, health of the services"
    )
    found = next_steps([Flow(name="a.yml", exit_code=code, error=error)])
    assert list(found[:2]) == [LOGS, ROLLBACK]
    assert list(found[2:]) == ([reach] if expected is None else expected)


def test_a_flow_is_known_by_its_file() -> None:
    found = maestro.read(report("reports/junit/maestro/failed.xml"))
    assert [each.name for each in found.flows] == ["flow_a.yaml", "flow_b.yaml"]
    assert found.failed == (Flow(name="flow_b.yaml", exit_code=1, error="Error message"),)


def test_a_warning_is_no_failure() -> None:
    assert maestro.read(report("reports/junit/maestro/passed-with-warning.xml")).failed == ()


def test_a_detailed_report_of_steps_is_one_flow() -> None:
    found = maestro.read(report("reports/junit/maestro/detailed-flat.xml"))
    assert found.flows == (Flow(name="Flow A"),)


def test_flows_of_the_same_file_name_in_two_folders_keep_their_paths() -> None:
    xml = (
        '<testsuite name="s"><testcase name="A" file="a/login.yml" status="SUCCESS"/>'
        '<testcase name="B" file="b/login.yml" status="ERROR"><failure>no</failure></testcase></testsuite>'
    )
    assert {each.name for each in maestro.read({"r.xml": xml.encode()}).flows} == {
        "a/login.yml",
        "b/login.yml",
    }


def test_several_files_are_read_together_and_a_failure_in_any_counts() -> None:
    passed = b'<testsuite><testcase name="A" file="a.yml" status="SUCCESS"/></testsuite>'
    failed = b'<testsuite><testcase name="A" file="a.yml" status="ERROR"/></testsuite>'
    other = b'<testsuite><testcase name="B" file="b.yml" status="SUCCESS"/></testsuite>'
    found = maestro.read({"2.xml": passed, "1.xml": failed, "3.xml": other})
    assert [(each.name, each.exit_code) for each in found.flows] == [("a.yml", 1), ("b.yml", 0)]


def test_a_suite_that_crashed_before_its_first_case_is_a_failed_flow() -> None:
    found = maestro.read({"r.xml": b'<testsuite name="Login" tests="1" failures="1"></testsuite>'})
    assert [each.name for each in found.failed] == ["Login"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "holds no JUnit report"),
        ({"shot.png": b"x"}, "holds no JUnit report"),
        ({"r.xml": b"<testsuites/>"}, "no flow that ran"),
        ({"r.xml": b'<testsuite><testcase name="A"><skipped/></testcase></testsuite>'}, "no flow that ran"),
        ({"r.xml": b"<testsuite><testcase"}, "r.xml: is not well-formed XML"),
        ({"r.xml": b"<html/>"}, "root element"),
        ({"r.xml": b'<testcase name="A"/>', "deployment.json": b"{"}, "deployment.json: is not JSON"),
        ({"r.xml": b'<testcase name="A"/>', "deployment.json": b"{}"}, "names no deployment"),
    ],
)
def test_what_cannot_be_read_never_passes(files: dict[str, bytes], says: str) -> None:
    with pytest.raises(ReportRefused, match=says):
        maestro.read(files)


def test_the_artifact_may_say_which_deployment_it_validated() -> None:
    files = {"r.xml": b'<testcase name="A"/>', "x/deployment.json": b'{"terraformDeploymentId": "deploy-7"}'}
    assert maestro.read(files).deployment == "deploy-7"


def test_the_contracts_example_can_be_read_back() -> None:
    found = read_alert(SEED)
    assert (found.repository, found.run_id, found.deployment) == ("repo", 12345, "deploy-12345")
    assert found.failed[0].exit_code == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event": "Production Validation Passed"}, "event"),
        ({"githubJobUrl": "https://github.com/repo"}, "githubJobUrl"),
        ({"githubJobUrl": None}, "githubJobUrl"),
        ({"failedFlows": {}}, "failedFlows"),
        ({"failedFlows": [1]}, r"failedFlows\[0\]"),
        ({"failedFlows": [{"flowName": "a", "exitCode": 0, "error": ""}]}, r"failedFlows\[0\].exitCode"),
        ({"failedFlows": [{"flowName": 1, "exitCode": 1, "error": ""}]}, r"failedFlows\[0\].flowName"),
        ({"terraformDeploymentId": "x" * 101}, "terraformDeploymentId"),
    ],
)
def test_what_is_no_alert_is_refused_by_its_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(NoAlert, match=f"^{field}: expected"):
        read_alert({**SEED, **change})
