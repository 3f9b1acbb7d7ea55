"""Workflow runs and their artifacts, as REST tells them now (attack cases 28, 29).

https://docs.github.com/en/rest/actions/workflow-runs · https://docs.github.com/en/rest/actions/artifacts
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from bot.adapters.github import parse
from bot.adapters.github.channel import Channel
from bot.model.facts import Artifact, WorkflowRun

CLOCKS = timedelta(seconds=30)
"""How far GitHub's clock and ours may differ."""
MOST_RUNS_READ = 500
"""How far back the sweep looks for a workflow's runs among all runs of the repository."""


def run(channel: Channel, repository: str, run_id: int) -> WorkflowRun | None:
    """The run's latest attempt; None when it does not exist."""
    path = f"/repos/{repository}/actions/runs/{run_id}"
    answer = channel.rest("GET", path, purpose="run", allow=(404,))
    return None if answer.status == 404 else parse.workflow_run(answer.data)


def recent_runs(channel: Channel, repository: str, workflow: str, limit: int) -> tuple[WorkflowRun, ...]:
    """The newest completed runs of a workflow file, among the newest 500 completed runs of any workflow.

    Raises NotFound when the App sees no repository of that name."""
    found: list[WorkflowRun] = []
    listing = channel.pages(
        f"/repos/{repository}/actions/runs",
        purpose="runs",
        key="workflow_runs",
        params={"status": "completed", "per_page": 100},
    )
    for read, data in enumerate(listing, start=1):
        candidate = parse.workflow_run(data)
        if candidate.path == workflow:
            found.append(candidate)
        if len(found) >= limit or read >= MOST_RUNS_READ:
            break
    return tuple(found)


def runs_at(channel: Channel, repository: str, head_sha: str) -> tuple[WorkflowRun, ...]:
    """Every run of any workflow on a head commit, newest first, whatever its state (all pages)."""
    listing = channel.pages(
        f"/repos/{repository}/actions/runs",
        purpose="runs",
        key="workflow_runs",
        params={"head_sha": head_sha, "per_page": 100},
    )
    return tuple(parse.workflow_run(data) for data in listing)


def dispatched_run(
    channel: Channel,
    repository: str,
    workflow: str,
    since: datetime,
    bot_id: int,
    besides: Collection[int] = (),
) -> WorkflowRun | None:
    """The oldest run since then that our own account dispatched, but for those `besides`, which are known to belong to
    something else. A dispatch itself may not tell its run's id.

    https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
    """
    flow = workflow.rpartition("/")[2]
    created = f">={(since - CLOCKS).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    params = {"event": "workflow_dispatch", "created": created, "per_page": 100}
    path = f"/repos/{repository}/actions/workflows/{quote(flow, safe='')}/runs"
    answer = channel.rest("GET", path, purpose="runs", params=params)
    found = [parse.workflow_run(data) for data in answer.data["workflow_runs"]]
    ours = [
        each
        for each in found
        if each.actor is not None and each.actor.id == bot_id and each.id not in besides
    ]
    return min(ours, key=lambda each: each.id, default=None)


def artifacts(channel: Channel, repository: str, run_id: int, name: str | None) -> tuple[Artifact, ...]:
    """The run's artifacts of exactly that name (None: of every name), all pages."""
    listing = channel.pages(
        f"/repos/{repository}/actions/runs/{run_id}/artifacts",
        purpose="artifacts",
        key="artifacts",
        params={"per_page": 100} if name is None else {"name": name, "per_page": 100},
        allow=(404,),
    )
    return tuple(
        Artifact(
            id=data["id"],
            name=data["name"],
            size=data["size_in_bytes"],
            expired=bool(data["expired"]),
            created_at=parse.moment(data.get("created_at")),
            digest=data.get("digest"),
        )
        for data in listing
        if name is None or data["name"] == name
    )
