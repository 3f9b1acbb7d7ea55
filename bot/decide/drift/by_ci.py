"""Bundles that CI rendered: which run's artifact is believed for a head commit, as for a release (rows A4, R1)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide import release as judge
from bot.decide.release import NotOurs, Refused
from bot.decide.text import code
from bot.model.facts import Unknown, WorkflowRun
from bot.model.policy import Source
from bot.model.policy_after import Alerts
from bot.model.snapshot import PullSnapshot

EVENTS = ("push", "pull_request", "workflow_dispatch")
"""What may have started the run. `pull_request_target` runs with the base's secrets on somebody's head: never."""


def run_for(snapshot: PullSnapshot, alerts: Alerts, runs: Sequence[WorkflowRun]) -> WorkflowRun | Unknown:
    """The run whose artifact holds the bundles of this very head: of the configured workflow in the repository itself,
    finished well. Unknown says why there is none; `passing` when it may still come."""
    pull, workflow = snapshot.pull, alerts.workflow or ""
    if workflow in pull.changed_files or not pull.files_complete:
        why = f"This pull request may change {code(workflow)}, so what that workflow renders for it is not believed"
        return Unknown(why=f"{why}; change the workflow in a pull request of its own")
    source = Source(
        name="alerts",
        repository=snapshot.repository.full_name,
        workflow=workflow,
        branches=("**",),
        hotfix_branches=(),
        events=EVENTS,
        artifact=alerts.artifact or "",
        components={},
    )
    refused: Refused | None = None
    for run in sorted(runs, key=lambda each: (each.id, each.attempt), reverse=True):
        if run.head_sha != pull.head_sha:
            continue
        judged = judge.judge_run(run, snapshot.repository.id, [source])
        if isinstance(judged, judge.Accepted):
            return run
        if not isinstance(judged, NotOurs):
            refused = refused or judged
    if refused is None:
        why = f"Waits for {code(workflow)} to run on {pull.head_sha[:7]} and upload {code(source.artifact)}"
        return Unknown(why=why, passing=True)
    waits = refused.code == "not_completed"
    return Unknown(why=f"{code(workflow)} on {pull.head_sha[:7]}: {refused.message}", passing=waits)
