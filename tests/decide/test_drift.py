"""Drift, as tables: which changes are asked about, which bundles must be current, whose render is believed."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bot.adapters.github.blobs import blob_id
from bot.decide.alerts import Labelling, NotRules, render_rules
from bot.decide.drift import DriftFacts, chain_of, digest_of, drift, paths_of, touched
from bot.decide.drift.by_ci import run_for
from bot.model.facts import Unknown, WorkflowRun
from bot.model.policy_after import Alerts
from bot.model.tree import Tree, TreeFile
from bot.model.verdict import Outcome

BASE = "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: up == 0\n        for: 5m\n"
ALERTS = Alerts(
    source="ops/alerts",
    tests="ops/tests/",
    bundles={"staging": "b/staging", "production": "b/production"},
    artifact="bundles",
    workflow=".github/workflows/render.yml",
)
ORDER = ("dev", "staging", "production")


def rendered(environment: str, base: str = BASE) -> bytes:
    found = render_rules(base.encode(), file="a.yml", labelling=Labelling(environment=environment))
    assert not isinstance(found, NotRules)
    return found.data


def tree(path: str, data: bytes | None, mode: int = 0o100644, size: int | None = None) -> Tree:
    name = f"{path}/a.yml"
    held = data or b""
    file = TreeFile(
        path=name, oid=blob_id(held), mode=mode, size=len(held) if size is None else size, data=data
    )
    return Tree(path=path, oid=f"tree {blob_id(held)}", files={name: file})


def asked(changed: tuple[str, ...] | None, *trees: Tree, rendered: Any = None) -> Any:
    there = {
        "ops/alerts": tree("ops/alerts", BASE.encode()),
        "b/staging": tree("b/staging", rendered_for("staging")),
        "b/production": tree("b/production", rendered_for("production")),
    }
    found = drift(
        DriftFacts(
            alerts=ALERTS,
            environments=ORDER,
            changed=changed,
            trees={**there, **{each.path: each for each in trees}},
            rendered=rendered,
        )
    )
    assert found is not None
    return found


def rendered_for(environment: str) -> bytes:
    return rendered(environment)


OLD = BASE.replace("5m", "1m")


@pytest.mark.parametrize(
    ("changed", "trees", "outcome"),
    [
        ((), (), Outcome.PASS),
        (("ops/alerts/a.yml",), (tree("b/staging", rendered("staging", OLD)),), Outcome.BLOCK),
        (("b/staging/a.yml",), (tree("b/staging", rendered("staging", OLD)),), Outcome.BLOCK),
        (("ops/alerts/a.yml",), (tree("b/production", rendered("production", OLD)),), Outcome.PASS),
        (("b/production/a.yml",), (tree("b/production", rendered("production", OLD)),), Outcome.BLOCK),
        (None, (tree("b/production", rendered("production", OLD)),), Outcome.BLOCK),
        (("ops/tests/t.yml",), (tree("b/staging", rendered("staging", OLD)),), Outcome.BLOCK),
        ((), (tree("b/staging", rendered("production")),), Outcome.BLOCK),
        ((), (tree("ops/alerts", b"/etc/passwd", mode=0o120000),), Outcome.BLOCK),
        ((), (tree("ops/alerts", None, size=100_000_000),), Outcome.BLOCK),
        ((), (tree("b/staging", None, size=100_000_000),), Outcome.BLOCK),
        ((), (tree("ops/alerts", b"groups: ["),), Outcome.BLOCK),
    ],
)
def test_what_may_be_behind_and_what_may_not(changed: Any, trees: tuple[Tree, ...], outcome: Outcome):
    assert asked(changed, *trees).outcome is outcome


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({name: {"a.yml": rendered(name)} for name in ("staging", "production")}, Outcome.PASS),
        ({"staging": {"a.yml": rendered("staging")}}, Outcome.BLOCK),
        ({}, Outcome.BLOCK),
        (Unknown(why="the run is running", passing=True), Outcome.WAIT),
        (Unknown(why="the run failed"), Outcome.UNKNOWN),
    ],
)
def test_bundles_by_ci_must_be_there_for_every_environment(given: Any, outcome: Outcome):
    assert asked((), rendered=given).outcome is outcome


def test_a_source_that_cannot_be_read_is_unknown():
    facts = DriftFacts(
        alerts=ALERTS, environments=ORDER, changed=(), trees={"ops/alerts": Unknown(why="too many files")}
    )
    found = drift(facts)
    assert found is not None
    assert (found.outcome, found.headline) == (Outcome.UNKNOWN, "too many files")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("ops/alerts/a.yml", True),
        ("ops/alerts", True),
        ("ops/alerts-old/a.yml", False),
        ("ops/tests/t.yml", True),
        ("b/staging/a.yml", True),
        ("README.md", False),
    ],
)
def test_only_alert_files_are_asked_about(path: str, answer: bool):
    assert touched(ALERTS, [path], complete=True) is answer


def test_a_change_that_github_does_not_list_whole_may_touch_alerts():
    assert touched(ALERTS, [], complete=False)
    assert not touched(None, [], complete=False)


def test_paths_and_chain_follow_the_rules():
    assert paths_of(ALERTS) == ("ops/alerts", "ops/tests", "b/staging", "b/production")
    assert chain_of(ALERTS, ORDER) == ("staging", "production")
    assert chain_of(Alerts(source="x"), ORDER) == ("staging", "production")


def test_a_digest_is_of_names_and_bytes():
    assert digest_of({"a": b"1", "b": b"2"}) == digest_of({"b": b"2", "a": b"1"})
    assert digest_of({"a": b"1"}) != digest_of({"b": b"1"})


HEAD = "a" * 40


def run(**more: Any) -> WorkflowRun:
    fields: dict[str, Any] = {
        "id": 1,
        "attempt": 1,
        "number": 1,
        "name": "",
        "path": ALERTS.workflow,
        "event": "pull_request",
        "branch": "change",
        "head_sha": HEAD,
        "status": "completed",
        "conclusion": "success",
        "repository_id": 7,
        "head_repository_id": 7,
        "url": "",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return WorkflowRun(**{**fields, **more})


def snapshot(*changed: str) -> Any:
    return SimpleNamespace(
        repository=SimpleNamespace(id=7, full_name="o/c"),
        pull=SimpleNamespace(head_sha=HEAD, changed_files=changed, files_complete=True),
    )


def test_the_newest_good_run_of_the_head_is_believed():
    found = run_for(snapshot(), ALERTS, [run(id=1), run(id=2), run(id=3, head_sha="b" * 40)])
    assert isinstance(found, WorkflowRun)
    assert found.id == 2


@pytest.mark.parametrize(
    ("runs", "waits"),
    [
        ([], True),
        ([run(head_sha="b" * 40)], True),
        ([run(path=".github/workflows/other.yml")], True),
        ([run(status="in_progress", conclusion=None)], True),
        ([run(conclusion="failure")], False),
        ([run(head_repository_id=8)], False),
        ([run(event="pull_request_target")], False),
    ],
)
def test_other_runs_are_waited_for_or_refused(runs: list[WorkflowRun], waits: bool):
    found = run_for(snapshot(), ALERTS, runs)
    assert isinstance(found, Unknown)
    assert found.passing is waits


def test_a_pull_request_that_changes_the_workflow_is_not_believed():
    found = run_for(snapshot(ALERTS.workflow or ""), ALERTS, [run()])
    assert isinstance(found, Unknown)
    assert not found.passing
