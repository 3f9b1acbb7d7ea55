"""The map from ledger rows to what people are told: complete, and as grave as it should be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.decide.notify import SILENT, TOLD, Place, tiding
from bot.decide.validation.incident import EVENTS as TIMELINE
from bot.model.ledger import LedgerEntry
from bot.model.tidings import EVENTS, Severity
from tests.decide.notify.events import written

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PRODUCTION = Place(
    repository="splattop/config",
    url="https://github.com/splattop/config",
    environment="production",
    production=True,
)
STAGING = Place(repository="splattop/config", url="https://github.com/splattop/config", environment="staging")


def row(event: str, decision: str = "done", **more: Any) -> LedgerEntry:
    """A row."""
    return LedgerEntry(**{"at": NOW, "event": event, "decision": decision, "reason": "because", **more})


def test_every_event_of_the_ledger_is_told_or_deliberately_silent() -> None:
    known = {event for event, _ in TOLD} | set(SILENT)
    assert sorted({f"{event} ({where})" for event, where in written() if event not in known}) == []


def test_nothing_is_listed_that_the_ledger_never_holds() -> None:
    there = {event for event, _ in written()} | TIMELINE
    assert sorted(({event for event, _ in TOLD} | set(SILENT)) - there) == []


def test_what_is_told_is_not_listed_as_silent() -> None:
    assert {event for event, _ in TOLD} & set(SILENT) == set()


def test_every_saying_is_of_an_event_that_the_rules_may_name() -> None:
    assert {saying.event for saying in TOLD.values()} <= set(EVENTS)


@pytest.mark.parametrize(("event", "decision"), sorted(TOLD))
def test_every_title_can_be_said_without_place_pull_request_and_person(event: str, decision: str) -> None:
    nowhere = Place(repository="splattop/config", url="https://github.com/splattop/config")
    found = tiding(row(event, decision, details={"state": "live"}), nowhere)
    assert found is not None
    assert "{" not in found.title
    assert found.title == " ".join(found.title.split())


@pytest.mark.parametrize(
    ("event", "decision", "details", "expected"),
    [
        ("deployment", "failed", {}, "promotion_failed | Promotion #7 to production failed | critical"),
        ("deployment", "done", {"state": "live"}, "deployed | Promotion #7 to production is live | info"),
        ("deployment", "done", {"state": "syncing"}, ""),
        ("parked", "failed", {}, "promotion_failed | Lockstep gave up for now on #7 in production | critical"),
        ("gates_held", "failed", {}, "validation_failed | Gates hold the promotion #7 to production | warning"),
        ("validation_failed", "done", {}, "validation_failed | Production validation failed in production | critical"),
        ("approval_required", "done", {}, "approval_required | Promotion #7 to production waits for approval | info"),
        ("rollback", "done", {}, "rollback_started | Rollback #7 in production is open | warning"),
        ("rollback", "refused", {}, "rollback_blocked | No rollback in production | warning"),
        (
            "rollback_ended", "failed", {},
            "rollback_finished | Rollback #7 in production did not become healthy | critical",
        ),
        ("rollback_ended", "done", {}, "rollback_finished | Rollback #7 in production is healthy | info"),
        ("rollback_locked", "refused", {"lock": "opt_in"}, ""),
        (
            "rollback_locked", "refused", {"lock": "age"},
            "rollback_blocked | No automatic rollback in production | warning",
        ),
        (
            "breaker", "done", {"issue": 3},
            "breaker_open | Too many automatic rollbacks in production: people decide now | critical",
        ),
        ("incident_escalated", "done", {}, "escalation | The incident in production waits for somebody | critical"),
        ("hold", "done", {}, "hold | Held #7 in production | info"),
        ("hold", "done", {"rollback": 3}, ""),
        ("override", "done", {"gate": "slo"}, "override | ana set a gate aside on #7 in production | warning"),
        ("override", "refused", {}, ""),
        ("look", "skipped", {}, ""),
    ],
)  # fmt: skip
def test_a_row_becomes_this(event: str, decision: str, details: dict[str, Any], expected: str) -> None:
    found = tiding(row(event, decision, details=details, pull_number=7, actor_login="ana"), PRODUCTION)
    said = f"{found.event} | {found.title} | {found.severity.value}" if found else ""
    assert said == expected


def test_the_same_failure_outside_of_production_is_a_warning() -> None:
    found = tiding(row("deployment", "failed"), STAGING)
    assert found is not None
    assert found.severity is Severity.WARNING


def test_a_failed_validation_brings_its_flows_its_links_and_the_alert_itself() -> None:
    alert = {"event": "Production Validation Failed", "terraformDeploymentId": "deploy-12345"}
    details = {
        "deployment": "deploy-12345",
        "failed_flows": [{"flowName": "add.yml", "exitCode": 1, "error": "no `exercise-list`"}],
        "run_url": "https://github.com/splattop/app/actions/runs/5",
        "artifact_urls": ["https://github.com/splattop/app/actions/runs/5/artifacts/6"],
        "next_steps": ["Review the logs", "Decide on a rollback"],
        "alert": alert,
    }
    found = tiding(row("validation_failed", details=details), PRODUCTION)
    assert found is not None
    assert found.facts == (
        ("Deployment", "deploy-12345"),
        ("Failed flow", "add.yml (exit 1): no `exercise-list`"),
        ("Next step", "Review the logs"),
        ("Next step", "Decide on a rollback"),
    )
    assert [each.label for each in found.links] == ["Incident", "Run", "Artifact 1"]
    assert found.links[0].url.endswith("/issues?q=is%3Aopen%20label%3A%22lockstep%3Aincident%22")
    assert found.data == alert


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://x|y", "https://x>", "https://x y", 'https://x"', "//x", ""]
)
def test_an_address_that_is_none_becomes_no_link(url: str) -> None:
    found = tiding(row("incident_acknowledged", details={"run_url": url}), PRODUCTION)
    assert found is not None
    assert found.links == ()


def test_case_98_control_characters_and_hidden_text_are_no_part_of_what_is_told() -> None:
    found = tiding(row("deployment", "failed", reason="down\\u200b at\r\n\x1b[31m once\u202e"), STAGING)
    assert found is not None
    assert found.reason == "down at [31m once"


def test_a_long_list_is_cut_and_counted() -> None:
    found = tiding(row("deployment", "failed", details={"findings": [f"f{n}" for n in range(9)]}), STAGING)
    assert found is not None
    assert found.facts[-1] == ("Finding", "… and 4 more")
