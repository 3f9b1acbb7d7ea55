"""The stability gate's truth table: what Argo CD says of an application, since when, and for which digests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.decide.gates.stability import FRESH, LOOK_AGAIN, stability
from bot.model.argocd import (
    ApplicationReading,
    ApplicationState,
    Condition,
    Deployed,
    StabilityReading,
    SyncOperation,
)
from bot.model.facts import Unknown
from bot.model.policy_gates import StabilityGate
from bot.model.verdict import Outcome
from tests.builders import digest
from tests.decide.gates.measured import NOW

HOUR = timedelta(hours=1)
IMAGE = f"ghcr.io/splattop/api:1.7.3@{digest('a')}"
API = {"api": digest("a")}
STABLE = ApplicationState(
    name="splattop-dev",
    namespace="argocd",
    project="default",
    sync="Synced",
    revisions=("0" * 40,),
    health="Healthy",
    health_since=NOW - 2 * HOUR,
    operation=SyncOperation(phase="Succeeded", finished_at=NOW - 3 * HOUR),
    images=(IMAGE,),
    reconciled_at=NOW,
    at=NOW,
    url="https://argocd.example/applications/argocd/splattop-dev",
)


def reading(
    *states: ApplicationState | Unknown, merged: datetime | Unknown | None = None, **more: Any
) -> StabilityReading:
    return StabilityReading(
        environment="dev",
        applications=tuple(
            ApplicationReading(application="splattop-dev", state=state, expected=API) for state in states
        ),
        merged=merged,
        **more,
    )


def operation(phase: str, message: str = "", **times: datetime) -> SyncOperation:
    return SyncOperation(phase=phase, message=message, **times)


@pytest.mark.parametrize(
    ("change", "outcome", "says"),
    [
        ({}, Outcome.PASS, "is Synced and Healthy"),
        ({"operation": None}, Outcome.PASS, "is Synced and Healthy"),
        ({"health_since": None}, Outcome.PASS, "is Synced and Healthy"),
        ({"sync": "OutOfSync"}, Outcome.BLOCK, "is OutOfSync: what runs is not what Git says"),
        ({"sync": "Unknown"}, Outcome.UNKNOWN, "cannot tell whether it is in sync"),
        ({"sync": ""}, Outcome.UNKNOWN, "cannot tell whether it is in sync"),
        (
            {
                "sync": "Unknown",
                "conditions": (Condition(type="ComparisonError", message="helm: no such chart"),),
            },
            Outcome.UNKNOWN,
            "(`helm: no such chart`)",
        ),
        ({"health": "Progressing"}, Outcome.WAIT, "is Progressing"),
        ({"health": "Suspended"}, Outcome.WAIT, "goes on when somebody resumes it"),
        (
            {"health": "Degraded", "health_message": "back-off restarting"},
            Outcome.BLOCK,
            "is Degraded (`back-off restarting`)",
        ),
        ({"health": "Missing"}, Outcome.BLOCK, "is Missing"),
        ({"health": "Unknown"}, Outcome.UNKNOWN, "does not know its health"),
        ({"health": "Sparkling"}, Outcome.UNKNOWN, "does not know its health"),
        (
            {"operation": operation("Running", started_at=NOW)},
            Outcome.WAIT,
            "synced since 2026-03-02 12:00 UTC",
        ),
        ({"operation": operation("Terminating")}, Outcome.WAIT, "is being synced"),
        ({"operation_asked": True}, Outcome.WAIT, "is being synced"),
        (
            {"operation": operation("Failed", "hook failed")},
            Outcome.BLOCK,
            "its last sync failed (`hook failed`)",
        ),
        ({"operation": operation("Error")}, Outcome.BLOCK, "its last sync failed"),
        ({"operation": operation("Sleeping")}, Outcome.UNKNOWN, "ended as Sleeping"),
        ({"images": ()}, Outcome.BLOCK, "does not run api sha256:aaaaaaaaaaaa in dev"),
        ({"images": ("ghcr.io/splattop/api:1.7.3",)}, Outcome.BLOCK, "does not run api"),
        ({"images": (f"ghcr.io/splattop/api@{digest('b')}",)}, Outcome.BLOCK, "does not run api"),
        ({"images": (f"ghcr.io/splattop/api@{digest('b')}", IMAGE)}, Outcome.PASS, "is Synced and Healthy"),
        ({"reconciled_at": None}, Outcome.UNKNOWN, "has not compared it with Git yet"),
        ({"reconciled_at": NOW - FRESH}, Outcome.PASS, "is Synced and Healthy"),
        (
            {"reconciled_at": NOW - FRESH - timedelta(seconds=1)},
            Outcome.UNKNOWN,
            "has not compared it with Git since 2026-03-02 11:49 UTC",
        ),
    ],
)
def test_one_application_as_argo_cd_sees_it(change: dict[str, Any], outcome: Outcome, says: str):
    found = stability(StabilityGate(), reading(replace(STABLE, **change)), NOW)
    assert found.verdict.outcome is outcome
    assert says in found.verdict.headline
    assert found.changes_at == (NOW + LOOK_AGAIN if outcome is Outcome.WAIT else None)


@pytest.mark.parametrize(("merged", "moved_on"), [(None, True), (NOW - HOUR, False)])
def test_a_release_that_another_one_has_replaced_is_told_apart_from_one_that_never_came(
    merged: datetime | None, moved_on: bool
):
    found = stability(StabilityGate(), reading(replace(STABLE, images=()), merged=merged), NOW)
    assert ("which has moved on; close this pull request" in found.verdict.headline) is moved_on


@pytest.mark.parametrize("change", [{"sync": "OutOfSync"}, {"health": "Missing"}, {"images": ()}])
@pytest.mark.parametrize(
    ("merged", "outcome", "changes_at"),
    [
        (NOW, Outcome.WAIT, NOW + LOOK_AGAIN),
        (NOW - timedelta(minutes=14), Outcome.WAIT, NOW + timedelta(minutes=1)),
        (NOW - timedelta(minutes=15), Outcome.BLOCK, None),
        (None, Outcome.BLOCK, None),
        (Unknown(why="the merge is not on record"), Outcome.BLOCK, None),
    ],
)
def test_what_takes_its_time_after_a_merge_is_waited_for(
    change: dict[str, Any], merged: Any, outcome: Outcome, changes_at: datetime | None
):
    found = stability(StabilityGate(), reading(replace(STABLE, **change), merged=merged), NOW)
    assert (found.verdict.outcome, found.changes_at) == (outcome, changes_at)


def test_a_degraded_application_blocks_at_once():
    found = stability(StabilityGate(), reading(replace(STABLE, health="Degraded"), merged=NOW), NOW)
    assert found.verdict.outcome is Outcome.BLOCK


@pytest.mark.parametrize(
    ("change", "outcome", "changes_at"),
    [
        ({"health_since": NOW - HOUR}, Outcome.PASS, None),
        (
            {"health_since": NOW - HOUR + timedelta(seconds=1)},
            Outcome.WAIT,
            NOW + timedelta(seconds=1),
        ),
        (
            {"operation": operation("Succeeded", finished_at=NOW - timedelta(minutes=20))},
            Outcome.WAIT,
            NOW + timedelta(minutes=40),
        ),
        (
            {"history": (Deployed(id=1, revisions=(), deployed_at=NOW - timedelta(minutes=5)),)},
            Outcome.WAIT,
            NOW + timedelta(minutes=55),
        ),
        ({"health_since": None}, Outcome.UNKNOWN, None),
    ],
)
def test_the_time_counts_from_the_last_change_of_anything(
    change: dict[str, Any], outcome: Outcome, changes_at: datetime | None
):
    found = stability(StabilityGate(min_duration=HOUR), reading(replace(STABLE, **change)), NOW)
    assert (found.verdict.outcome, found.changes_at) == (outcome, changes_at)


def test_asked_again_at_that_moment_it_passes():
    gate, young = StabilityGate(min_duration=HOUR), replace(STABLE, health_since=NOW - timedelta(minutes=18))
    first = stability(gate, reading(young), NOW)
    assert first.changes_at is not None
    later = replace(young, reconciled_at=first.changes_at)
    assert stability(gate, reading(later), first.changes_at).verdict.outcome is Outcome.PASS


def test_it_tells_how_long_and_until_when():
    young = replace(STABLE, health_since=NOW - timedelta(minutes=18))
    assert stability(StabilityGate(min_duration=HOUR), reading(young), NOW).verdict.headline == (
        "The application `splattop-dev` must be healthy for 1 h, until 2026-03-02 12:42 UTC"
    )


def test_every_application_must_be_stable():
    found = stability(StabilityGate(), reading(STABLE, replace(STABLE, health="Degraded")), NOW)
    assert found.verdict.outcome is Outcome.BLOCK
    assert len(found.verdict.evidence) == 2


def test_an_application_that_cannot_be_read_is_unknown_and_named():
    why = "Argo CD: 127.0.0.1 refused the connection"
    found = stability(StabilityGate(), reading(STABLE, Unknown(why=why)), NOW)
    assert found.verdict.outcome is Outcome.UNKNOWN
    assert found.verdict.headline == f"The application `splattop-dev` could not be read: {why}"


def test_without_an_application_it_is_unknown_and_says_what_to_write():
    found = stability(StabilityGate(), reading(), NOW)
    assert found.verdict.outcome is Outcome.UNKNOWN
    assert "add `argocd` to dev, or write `stability: off`" in found.verdict.headline


def test_a_component_that_no_application_runs_is_unknown():
    found = stability(StabilityGate(), reading(STABLE, uncovered=("web",)), NOW)
    assert found.verdict.outcome is Outcome.UNKNOWN
    assert "The application that runs web could not be read" in found.verdict.headline


def test_where_the_release_is_not_to_be_yet_its_digest_is_not_looked_for():
    bare = StabilityReading(
        environment="production",
        applications=(ApplicationReading(application="splattop", state=replace(STABLE, images=())),),
    )
    assert stability(StabilityGate(), bare, NOW).verdict.outcome is Outcome.PASS


def test_the_evidence_names_states_digests_time_and_page():
    (evidence,) = stability(StabilityGate(min_duration=HOUR), reading(STABLE), NOW).verdict.evidence
    assert evidence.measured == "Synced, Healthy since 2026-03-02 10:00 UTC, api sha256:aaaaaaaaaaaa"
    assert evidence.needed == "Synced, Healthy for 1 h, api sha256:aaaaaaaaaaaa"
    assert (evidence.source, evidence.url, evidence.at) == ("Argo CD, splattop-dev", STABLE.url, NOW)


def test_case_92_what_a_cluster_says_stands_as_code_and_hides_no_marker():
    loud = replace(STABLE, health="Degraded", health_message="@splattop/all `Fixes #1` <!-- lockstep:x -->")
    headline = stability(StabilityGate(), reading(loud), NOW).verdict.headline
    before, _, words = headline.partition("``")
    assert before == "The application `splattop-dev` is Degraded ("
    assert words.endswith("``)")
    assert "<!-- lockstep:x -->" not in words
