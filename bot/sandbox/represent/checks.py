"""Check runs and suites, statuses, workflows, runs, artifacts and deployments as JSON."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from bot.sandbox.actions.checks import suite_state
from bot.sandbox.represent import pulls, repos
from bot.sandbox.represent.accounts import Json, app, stamp, user
from bot.sandbox.state import (
    Artifact,
    CheckRun,
    CheckSuite,
    Deployment,
    DeploymentStatus,
    Repository,
    Status,
    Workflow,
    WorkflowRun,
    World,
)


def check_run(world: World, run: CheckRun, *, webhook: bool = False) -> Json:
    """GitHub's ``check-run``; in webhooks with the suite inside."""
    url = f"{repos.api(world, run.repo)}/check-runs/{run.id}"
    page = f"{repos.html(world, run.repo)}/runs/{run.id}"
    suite: Json = {"id": run.suite.id}
    if webhook:
        suite = check_suite(world, run.suite, inside=True)
    return {
        "id": run.id,
        "name": run.name,
        "node_id": run.node_id,
        "head_sha": run.head_sha,
        "external_id": run.external_id or "",
        "url": url,
        "html_url": page,
        "details_url": run.details_url or page,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": stamp(run.started_at),
        "completed_at": stamp(run.completed_at),
        "output": {
            "title": run.output.get("title"),
            "summary": run.output.get("summary"),
            "text": run.output.get("text"),
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": suite,
        "app": app(world, run.app),
        "pull_requests": pulls.at_head(world, run.repo, run.head_sha),
    }


def annotation(world: World, run: CheckRun, raw: Json) -> Json:
    """GitHub's ``check-annotation``."""
    keys = ("path", "start_line", "end_line", "start_column", "end_column", "annotation_level")
    made = {key: raw.get(key) for key in (*keys, "title", "message", "raw_details")}
    href = f"{repos.html(world, run.repo)}/blob/{run.head_sha}/{raw.get('path')}"
    return {**made, "blob_href": href}


def check_suite(world: World, suite: CheckSuite, *, inside: bool = False, webhook: bool = False) -> Json:
    """GitHub's ``check-suite``; ``inside`` a check run's webhook it is shorter, in its own webhook too."""
    status, conclusion = suite_state(suite)
    url = f"{repos.api(world, suite.repo)}/check-suites/{suite.id}"
    parents = suite.repo.git.commit(suite.head_sha).parent_ids
    made: Json = {
        "id": suite.id,
        "node_id": suite.node_id,
        "head_branch": suite.head_branch,
        "head_sha": suite.head_sha,
        "status": status,
        "conclusion": conclusion,
        "url": url,
        "before": str(parents[0]) if parents else "0" * 40,
        "after": suite.head_sha,
        "pull_requests": pulls.at_head(world, suite.repo, suite.head_sha),
        "app": app(world, suite.app),
        "created_at": stamp(suite.created_at),
        "updated_at": stamp(suite.updated_at),
    }
    if inside:
        return made
    made |= {
        "latest_check_runs_count": len({run.name for run in suite.runs}),
        "check_runs_url": f"{url}/check-runs",
        "head_commit": repos.simple_commit(suite.repo, suite.head_sha),
    }
    if not webhook:
        made["repository"] = repos.minimal(world, suite.repo)
    return made


def status(world: World, status: Status) -> Json:
    """GitHub's ``status``."""
    return {
        "url": f"{repos.api(world, status.repo)}/statuses/{status.sha}",
        "avatar_url": f"{world.base_url}/avatars/{status.creator.id}",
        "id": status.id,
        "node_id": status.node_id,
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.created_at),
        "creator": user(world, status.creator),
    }


def combined(world: World, repo: Repository, sha: str) -> Json:
    """GitHub's ``combined-commit-status``: the latest status of each context."""
    latest = {s.context: s for s in repo.statuses if s.sha == sha}
    states = {s.state for s in latest.values()}
    state = "pending"
    if states & {"error", "failure"}:
        state = "failure"
    elif states == {"success"}:
        state = "success"
    root = repos.api(world, repo)
    listed = [{k: v for k, v in status(world, s).items() if k != "creator"} for s in latest.values()]
    return {
        "state": state,
        "statuses": listed,
        "sha": sha,
        "total_count": len(latest),
        "repository": repos.minimal(world, repo),
        "commit_url": f"{root}/commits/{sha}",
        "url": f"{root}/commits/{sha}/status",
    }


def workflow(world: World, flow: Workflow) -> Json:
    """GitHub's ``workflow``."""
    page = repos.html(world, flow.repo)
    return {
        "id": flow.id,
        "node_id": flow.node_id,
        "name": flow.name,
        "path": flow.path,
        "state": "active",
        "created_at": stamp(flow.created_at),
        "updated_at": stamp(flow.created_at),
        "url": f"{repos.api(world, flow.repo)}/actions/workflows/{flow.id}",
        "html_url": f"{page}/blob/{flow.repo.default_branch}/{flow.path}",
        "badge_url": f"{page}/workflows/{flow.id}/badge.svg",
    }


def run(world: World, run: WorkflowRun, attempt: int | None = None) -> Json:
    """GitHub's ``workflow-run``, of the latest attempt or an earlier one."""
    root = repos.api(world, run.repo)
    url = f"{root}/actions/runs/{run.id}"
    suite = run.suite.id if run.suite else 0
    number = attempt or run.attempt
    old = next((a for a in run.attempts if a["attempt"] == number), None)
    earlier = f"{url}/attempts/{number - 1}" if number > 1 else None
    updated = old["updated_at"] if old else run.updated_at
    return {
        "id": run.id,
        "name": run.workflow.name,
        "node_id": run.node_id,
        "check_suite_id": suite,
        "check_suite_node_id": run.suite.node_id if run.suite else "",
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.workflow.path,
        "run_number": run.number,
        "run_attempt": number,
        "display_title": run.title,
        "referenced_workflows": [],
        "event": run.event,
        "status": old["status"] if old else run.status,
        "conclusion": old["conclusion"] if old else run.conclusion,
        "workflow_id": run.workflow.id,
        "url": url,
        "html_url": f"{repos.html(world, run.repo)}/actions/runs/{run.id}",
        "pull_requests": pulls.at_head(world, run.repo, run.head_sha),
        "created_at": stamp(run.created_at),
        "updated_at": stamp(updated),
        "actor": user(world, run.actor),
        "triggering_actor": user(world, run.actor),
        "run_started_at": stamp(old["started_at"] if old else run.started_at),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{root}/check-suites/{suite}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": earlier,
        "workflow_url": f"{root}/actions/workflows/{run.workflow.id}",
        "head_commit": repos.simple_commit(run.repo, run.head_sha),
        "repository": repos.minimal(world, run.repo),
        "head_repository": repos.minimal(world, run.head_repo),
    }


def artifact(world: World, artifact: Artifact) -> Json:
    """GitHub's ``artifact``."""
    of = artifact.run
    url = f"{repos.api(world, of.repo)}/actions/artifacts/{artifact.id}"
    return {
        "id": artifact.id,
        "node_id": artifact.node_id,
        "name": artifact.name,
        "size_in_bytes": len(artifact.zip),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": artifact.expired,
        "digest": f"sha256:{hashlib.sha256(artifact.zip).hexdigest()}",
        "created_at": stamp(artifact.created_at),
        "updated_at": stamp(artifact.created_at),
        "expires_at": stamp(artifact.created_at + timedelta(days=90)),
        "workflow_run": {
            "id": of.id,
            "repository_id": of.repo.id,
            "head_repository_id": of.head_repo.id,
            "head_branch": of.head_branch,
            "head_sha": of.head_sha,
        },
    }


def deployment(world: World, deployment: Deployment, *, webhook: bool = False) -> Json:
    """GitHub's ``deployment``."""
    url = f"{repos.api(world, deployment.repo)}/deployments/{deployment.id}"
    return {
        "url": url,
        "id": deployment.id,
        "node_id": deployment.node_id,
        "sha": deployment.sha,
        "ref": deployment.ref,
        "task": deployment.task,
        "payload": deployment.payload or {},
        "original_environment": deployment.environment,
        "environment": deployment.environment,
        "description": deployment.description,
        "creator": user(world, deployment.creator),
        "created_at": stamp(deployment.created_at),
        "updated_at": stamp(deployment.updated_at),
        "statuses_url": f"{url}/statuses",
        "repository_url": repos.api(world, deployment.repo),
        "transient_environment": False,
        "production_environment": deployment.environment == "production",
        "performed_via_github_app": app(world, deployment.app, webhook=webhook) if deployment.app else None,
    }


def deployment_status(
    world: World, deployment: Deployment, status: DeploymentStatus, *, webhook: bool = False
) -> Json:
    """GitHub's ``deployment-status``."""
    url = f"{repos.api(world, deployment.repo)}/deployments/{deployment.id}"
    return {
        "url": f"{url}/statuses/{status.id}",
        "id": status.id,
        "node_id": status.node_id,
        "state": status.state,
        "creator": user(world, status.creator),
        "description": status.description,
        "environment": deployment.environment,
        "target_url": status.log_url,
        "log_url": status.log_url,
        "environment_url": status.environment_url,
        "created_at": stamp(status.created_at),
        "updated_at": stamp(status.created_at),
        "deployment_url": url,
        "repository_url": repos.api(world, deployment.repo),
        "performed_via_github_app": app(world, deployment.app, webhook=webhook) if deployment.app else None,
    }
