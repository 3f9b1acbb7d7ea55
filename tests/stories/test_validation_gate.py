"""A validation fails, and the frontend does not deploy until it passes again (rows C1, C4, B8)."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.decide.validation.steps import LOGS, ROLLBACK, UNCLEAR
from tests.adapters.reports.test_hostile import HOSTILE_XML
from tests.stories.cast import Bot, Town
from tests.stories.validating import (
    CHECK,
    FAILED,
    FRONTEND,
    INFRA,
    KEYS,
    PASSED,
    asks,
    finish,
    gate,
    incidents,
    move_in,
    move_in_rules,
    report,
    start,
    validated,
)

REPORTS = Path(__file__).parents[1] / "data" / "reports" / "junit"


@pytest.fixture
def guarded(bot: Bot) -> Bot:
    """The bot with a validation in its rules."""
    move_in(bot)
    return bot


def test_all_flows_pass_and_nobody_is_told_but_the_deployment_goes_on(guarded: Bot, town: Town) -> None:
    validated(town, PASSED)
    guarded.settles()
    request = asks(town)
    guarded.settles()
    assert request.state == "approved"
    assert gate(town) == ("success", "Production validation of deploy-12345 passed")
    assert incidents(town) == []
    assert [word for word, _ in guarded.ledger("validation_passed")] == ["done"]
    assert guarded.ledger("validation_failed") == []
    with town.expect_no_writes():
        guarded.sweeps().waits(600)


def test_a_flow_fails_and_the_frontend_is_blocked_by_name_and_link(guarded: Bot, town: Town) -> None:
    run = validated(town, FAILED)
    guarded.settles()
    request = asks(town)
    guarded.settles()
    assert request.state == "rejected"
    (comment,) = request.comments
    assert "`add-exercise.yml` ended with exit code 1: Assertion failed" in comment
    assert f"/{INFRA}/actions/runs/{run.id}" in comment
    assert gate(town) == ("failure", "Blocked: production validation of deploy-12345 failed: 1 of 2 flows")
    with town.expect_no_writes():
        guarded.sweeps()


def test_the_ledger_has_the_whole_alert_for_the_channels(guarded: Bot, town: Town) -> None:
    run = validated(town, FAILED)
    guarded.settles()
    (row,) = [each.entry for each in guarded.store.ledger.rows(event="validation_failed")]
    alert = row.details["alert"]
    assert alert["event"] == "Production Validation Failed"
    assert alert["terraformDeploymentId"] == "deploy-12345"
    assert alert["githubJobUrl"].endswith(f"/{INFRA}/actions/runs/{run.id}")
    assert [each["flowName"] for each in alert["failedFlows"]] == ["add-exercise.yml"]
    assert len(alert["artifactUrls"]) == 2
    assert row.details["environment"] == "production"


def test_maestros_own_report_goes_from_the_artifact_to_the_alert(guarded: Bot, town: Town) -> None:
    members = {"report.xml": (REPORTS / "maestro" / "failed.xml").read_bytes()}
    run = town.github.finish_run(start(town), "failure", {"maestro-report": members})
    guarded.settles()
    (row,) = [each.entry for each in guarded.store.ledger.rows(event="validation_failed")]
    alert = dict(row.details["alert"])
    at, left = alert.pop("timestamp"), alert.pop("artifactUrls")
    assert alert == {
        "event": "Production Validation Failed",
        "terraformDeploymentId": f"commit {run.head_sha[:12]}",
        "githubJobUrl": row.details["run_url"],
        "failedFlows": [{"flowName": "flow_b.yaml", "exitCode": 1, "error": "Error message"}],
        "nextSteps": [LOGS, ROLLBACK, UNCLEAR],
    }
    assert alert["githubJobUrl"].endswith(f"/{INFRA}/actions/runs/{run.id}")
    assert (at, len(left)) == (f"{row.at:%Y-%m-%dT%H:%M:%SZ}", 1)
    assert left[0].startswith(f"{alert['githubJobUrl']}/artifacts/")
    assert gate(town)[1].endswith("failed: 1 of 2 flows")


def test_pull_requests_of_the_frontend_show_the_gate(guarded: Bot, town: Town) -> None:
    validated(town, FAILED)
    guarded.settles()
    town.github.push(FRONTEND, "topic", {"index.html": "<p>new</p>\n"}, by="dev")
    pull = town.github.open_pull(FRONTEND, head="topic", by="dev")
    guarded.settles()
    run = town.github.checks(FRONTEND, pull.head_sha)[CHECK]
    assert (run.status, run.conclusion) == ("completed", "failure")
    validated(town, PASSED)
    guarded.settles()
    assert town.github.checks(FRONTEND, pull.head_sha)[CHECK].conclusion == "success"


def test_a_rerun_of_the_same_deployment_opens_the_gate_again(guarded: Bot, town: Town) -> None:
    run = validated(town, FAILED)
    guarded.settles().waits(60)
    town.github.rerun(run)
    finish(town, run, PASSED)
    guarded.settles()
    assert gate(town)[0] == "success"
    request = asks(town)
    guarded.settles()
    assert request.state == "approved"


def test_case_31_a_rerun_counts_only_what_it_uploaded_itself(guarded: Bot, town: Town) -> None:
    run = validated(town, FAILED)
    guarded.settles().waits(60)
    town.github.rerun(run)
    town.github.finish_run(run, "success", {})
    guarded.settles()
    assert gate(town)[0] == "failure"


def test_another_deployments_success_opens_nothing(guarded: Bot, town: Town) -> None:
    validated(town, FAILED, "deploy-1")
    guarded.settles()
    validated(town, PASSED, "deploy-2")
    guarded.settles()
    assert gate(town) == ("failure", "Blocked: production validation of deploy-1 failed: 1 of 2 flows")


def test_before_any_validation_a_deployment_waits_and_is_told_why(guarded: Bot, town: Town) -> None:
    request = asks(town)
    guarded.settles()
    assert request.state == "pending"
    (comment,) = request.comments
    assert "No production validation has counted yet" in comment
    with town.expect_no_writes():
        guarded.sweeps()
    validated(town, PASSED)
    guarded.settles()
    assert request.state == "approved"


def test_what_waited_is_refused_when_the_validation_fails(guarded: Bot, town: Town) -> None:
    request = asks(town)
    guarded.settles()
    validated(town, FAILED)
    guarded.settles()
    assert request.state == "rejected"


@pytest.mark.parametrize(
    ("artifacts", "says"),
    [
        ({}, "no artifact `maestro-report` is there"),
        ({"maestro-report": {"shot.png": b"x"}}, "holds no JUnit report"),
        ({"maestro-report": {"report.xml": b"<testsuites/>"}}, "no flow that ran"),
        ({"maestro-report": {"report.xml": b"<testsuites"}}, "not well-formed XML"),
        ({"maestro-report": b"no zip"}, "artifact"),
        ({"maestro-report": {"../report.xml": b"<testsuites/>"}}, "artifact"),
    ],
)
def test_case_33_results_that_are_missing_or_unreadable_block_and_say_so(
    guarded: Bot, town: Town, artifacts: dict[str, object], says: str
) -> None:
    town.github.finish_run(start(town), "success", artifacts)  # type: ignore[arg-type]
    guarded.settles()
    assert gate(town)[0] == "failure"
    run = town.github.checks(FRONTEND, "main")[CHECK]
    assert says in str(run.output["summary"])


@pytest.mark.parametrize(
    ("artifacts", "conclusion"),
    [
        ({"maestro-report": report(PASSED), "maestro-report-screenshots": {"a.png": b"x"}}, "success"),
        ({"maestro-report": report(PASSED), "maestro-report-ios": report({"b.yml": "no"})}, "failure"),
        ({"maestro-report-ios": report(PASSED), "maestro-report-android": report({"b.yml": ""})}, "success"),
        # A job of the matrix without a report: what it should have tested was not.
        ({"maestro-report-ios": report(PASSED), "maestro-report-android": {"a.png": b"x"}}, "failure"),
        ({"maestro-report": {"a.png": b"x"}, "maestro-report-ios": report(PASSED)}, "failure"),
    ],
    ids=[
        "screenshots beside it",
        "both hold reports",
        "a matrix",
        "a matrix with a hole",
        "no report where it must be",
    ],
)
def test_screenshots_and_logs_beside_the_report_are_no_reports(
    guarded: Bot, town: Town, artifacts: dict[str, Any], conclusion: str
) -> None:
    town.github.finish_run(start(town), "success", artifacts)
    guarded.settles()
    assert gate(town)[0] == conclusion


@pytest.mark.parametrize("name", ["empty.xml", "fixie.xml", "non-xml.xml", "NUnit-net461-sample.trx"])
def test_other_tools_files_in_the_place_of_a_report_block_and_say_so(
    guarded: Bot, town: Town, name: str
) -> None:
    members = {name: (REPORTS / "not-junit" / name).read_bytes()}
    town.github.finish_run(start(town), "success", {"maestro-report": members})
    guarded.settles()
    assert gate(town)[0] == "failure"
    summary = str(town.github.checks(FRONTEND, "main")[CHECK].output["summary"])
    assert "the run succeeded, but nothing shows what it tested: " in summary


def archive(name: str, parts: int) -> bytes:
    """A zip that is small on the wire and 100 MB and more when it is unpacked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb, bomb.open(name, "w") as member:
        member.write(b"<testsuite>")
        for _ in range(parts):
            member.write(b" " * 1_000_000)
        member.write(b'<testcase name="a"/></testsuite>')
    return packed.getvalue()


@pytest.mark.parametrize(
    ("report_xml", "says"),
    [(HOSTILE_XML[name].encode(), "declares") for name in ("billion laughs", "an external entity")]
    + [(b"<testsuite>" * 65, "nested deeper"), (archive("report.xml", 100), "of reports")],
    ids=["billion laughs", "an external entity", "65 levels", "100 MB"],
)
def test_case_34_a_hostile_report_blocks_and_the_next_validation_is_read(
    guarded: Bot, town: Town, report_xml: bytes, says: str
) -> None:
    found: Any = report_xml if report_xml.startswith(b"PK") else {"report.xml": report_xml}
    town.github.finish_run(start(town), "success", {"maestro-report": found})
    guarded.settles().waits(60)
    assert gate(town)[0] == "failure"
    assert says in str(town.github.checks(FRONTEND, "main")[CHECK].output["summary"])
    town.github.push(INFRA, "main", {"main.tf": "# mended\n"}, by="dev")
    validated(town, PASSED, "deploy-2")
    guarded.settles()
    assert [word for word, _ in guarded.ledger("validation_passed")] == ["done"]


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out"])
def test_case_29_a_run_that_did_not_succeed_blocks_although_its_flows_passed(
    guarded: Bot, town: Town, conclusion: str
) -> None:
    town.github.finish_run(start(town), conclusion, {"maestro-report": report(PASSED)})
    guarded.settles()
    assert gate(town)[0] == "failure"


def test_case_28_a_run_of_another_branch_does_not_count_and_is_told(guarded: Bot, town: Town) -> None:
    town.github.push(INFRA, "topic", {"main.tf": "# 2\n"}, by="dev")
    finish(town, start(town, branch="topic"), PASSED)
    guarded.settles()
    request = asks(town)
    guarded.settles()
    assert request.state == "pending"
    assert "does not count: it is of branch `topic`" in request.comments[0]
    assert [word for word, _ in guarded.ledger("validation_ignored")] == ["skipped"]


def test_case_28_a_run_of_a_fork_does_not_count(guarded: Bot, town: Town) -> None:
    fork = town.github.fork(INFRA, "eve")
    finish(town, start(town, head_repository=fork), PASSED)
    guarded.settles()
    assert gate(town)[0] == "failure"
    assert "commit of a fork" in guarded.ledger("validation_ignored")[0][1]


def test_case_28_another_workflow_of_the_same_repository_is_none_of_ours(guarded: Bot, town: Town) -> None:
    validated(town, FAILED)
    guarded.settles()
    finish(town, start(town, workflow=".github/workflows/other.yml"), PASSED)
    guarded.settles().sweeps()
    assert gate(town)[0] == "failure"


def test_case_13_a_lost_webhook_costs_a_delay_at_most(guarded: Bot, town: Town) -> None:
    validated(town, FAILED)
    town.github.webhooks.take()
    guarded.waits(400).sweeps()
    assert gate(town)[0] == "failure"


def test_an_environment_that_the_rules_do_not_name_waits_and_is_told(guarded: Bot, town: Town) -> None:
    validated(town, PASSED)
    request = asks(town, "preview")
    guarded.settles()
    assert request.state == "pending"
    assert "say nothing about this environment" in request.comments[0]


def test_an_environments_name_is_the_same_in_any_case(guarded: Bot, town: Town) -> None:
    validated(town, PASSED)
    request = asks(town, "Production")
    guarded.settles()
    assert request.state == "approved"


def test_case_90_the_callback_addresss_host_is_never_asked(guarded: Bot, town: Town) -> None:
    validated(town, PASSED)
    guarded.settles()
    request = asks(town)
    (delivery,) = town.github.webhooks.take("deployment_protection_rule")
    import json

    from bot.sandbox.webhooks import _headers

    payload = json.loads(delivery.body)
    path = payload["deployment_callback_url"].partition("/repos/")[2]
    payload["deployment_callback_url"] = f"http://169.254.169.254/repos/{path}"
    body = json.dumps(payload).encode()
    forged = replace(delivery, body=body, headers=_headers(town.app, delivery.event, delivery.guid, body))
    guarded.receives(forged)
    guarded.settles()
    assert request.state == "approved"


def test_case_7_a_webhook_without_a_run_is_dropped_and_the_next_is_worked_on(
    guarded: Bot, town: Town
) -> None:
    validated(town, PASSED)
    guarded.settles()
    asks(town)
    (delivery,) = town.github.webhooks.take("deployment_protection_rule")
    import json

    from bot.sandbox.webhooks import _headers

    payload = json.loads(delivery.body) | {"deployment_callback_url": "https://api.github.com/"}
    body = json.dumps(payload).encode()
    guarded.receives(
        replace(delivery, body=body, headers=_headers(town.app, delivery.event, delivery.guid, body))
    )
    guarded.settles()
    assert guarded.ledger("deployment_asked")[0][0] == "skipped"
    request = asks(town)
    guarded.settles()
    assert request.state == "approved"


def test_case_89_two_hundred_failures_are_one_incident(guarded: Bot, town: Town) -> None:
    runs = [start(town) for _ in range(200)]
    for run in runs:
        finish(town, run, FAILED)
    guarded.settles()
    assert len(incidents(town)) == 1
    assert len(guarded.store.ledger.rows(event="incident_opened")) == 1
    assert len(guarded.store.ledger.rows(event="validation_failed")) == 200


def test_a_deployment_that_no_rules_speak_of_waits_and_is_told_until_they_do(bot: Bot, town: Town) -> None:
    move_in(bot, keys="")
    request = asks(town)
    bot.settles()
    assert request.state == "pending"
    (comment,) = request.comments
    assert "name it under `validation.blocks`, or take Lockstep off" in comment
    with town.expect_no_writes():
        bot.sweeps().waits(600)
    move_in_rules(bot, KEYS)
    validated(town, PASSED)
    bot.settles()
    assert request.state == "approved"


def test_a_deployment_that_waits_when_the_rules_forget_its_repository_is_told(
    guarded: Bot, town: Town
) -> None:
    request = asks(town)
    guarded.settles()
    move_in_rules(guarded, KEYS.replace(f"  blocks: [{FRONTEND}]\n", ""))
    assert request.state == "pending"
    assert len(request.comments) == 2
    assert "name it under `validation.blocks`" in request.comments[-1]
    with town.expect_no_writes():
        guarded.sweeps().waits(600)


def test_a_repository_that_two_validations_block_needs_the_yes_of_both(guarded: Bot, town: Town) -> None:
    github = town.github
    github.repository(
        "splattop/second",
        {
            "promotion/promotion-rules.yaml": github.file(
                "splattop/config", "main", "promotion/promotion-rules.yaml"
            )
        },
    )
    github.repository("splattop/infra2", {"main.tf": "#\n"})
    text = (github.file("splattop/second", "main", "promotion/promotion-rules.yaml") or b"").decode()
    github.grant("ana", "splattop/second", "write")
    other = text.replace(f"  repository: {INFRA}\n", "  repository: splattop/infra2\n")
    github.push("splattop/second", "main", {"promotion/promotion-rules.yaml": other}, by="ana")
    guarded.settles().sweeps().waits(60)
    validated(town, PASSED)
    request = asks(town)
    guarded.settles()
    assert request.state == "pending"
    assert KEYS in text
