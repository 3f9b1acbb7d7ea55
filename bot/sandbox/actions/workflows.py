"""Workflow runs, their attempts and artifacts, as the CI of a repository would make them."""

from __future__ import annotations

from bot.sandbox.actions.refs import suite_of
from bot.sandbox.state import Account, Artifact, Repository, Workflow, WorkflowRun, World

ACTIONS_APP_ID = 15368  # GitHub's own "GitHub Actions" App


def workflow_of(world: World, repo: Repository, path: str, name: str | None = None) -> Workflow:
    """The workflow of this path, made when there is none."""
    for flow in repo.workflows.values():
        if flow.path == path:
            return flow
    title = name or path.rsplit("/", 1)[-1].split(".")[0]
    flow = world.register("W", Workflow(repo=repo, name=title, path=path, created_at=world.clock.now()))
    repo.workflows[flow.id] = flow
    return flow


def start_run(
    world: World,
    repo: Repository,
    flow: Workflow,
    *,
    branch: str | None,
    sha: str,
    event: str,
    actor: Account,
    head_repo: Repository | None = None,
    title: str | None = None,
) -> WorkflowRun:
    """A run that is requested and then in progress (two webhooks)."""
    now = world.clock.now()
    made = WorkflowRun(
        repo=repo,
        workflow=flow,
        number=sum(r.workflow is flow for r in repo.runs.values()) + 1,
        head_branch=branch,
        head_sha=sha,
        head_repo=head_repo or repo,
        event=event,
        actor=actor,
        created_at=now,
        updated_at=now,
        started_at=now,
        title=title or repo.git.commit(sha).message.partition("\n")[0],
        suite=suite_of(world, repo, ACTIONS_APP_ID, sha, branch),
    )
    world.register("WFR", made)
    repo.runs[made.id] = made
    _announce(world, made, "requested")
    made.status = "in_progress"
    _announce(world, made, "in_progress")
    return made


def finish_run(
    world: World, run: WorkflowRun, conclusion: str, artifacts: dict[str, bytes] | None = None
) -> None:
    """The run ends; ``artifacts`` are zips by name."""
    now = world.clock.now()
    for name, data in (artifacts or {}).items():
        made = world.register("MDg6QXJ0aWZhY3Q", Artifact(run=run, name=name, zip=data, created_at=now))
        run.artifacts.append(made)
        run.repo.artifacts[made.id] = made
    run.status, run.conclusion, run.updated_at = "completed", conclusion, now
    _announce(world, run, "completed")


def rerun(world: World, run: WorkflowRun) -> None:
    """A further attempt of the same run; the earlier one stays readable under ``attempts``."""
    run.attempts.append(
        {
            "attempt": run.attempt,
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": run.started_at,
            "updated_at": run.updated_at,
        }
    )
    now = world.clock.now()
    run.attempt, run.status, run.conclusion = run.attempt + 1, "queued", None
    run.started_at = run.updated_at = now
    _announce(world, run, "requested")
    run.status = "in_progress"
    _announce(world, run, "in_progress")


def _announce(world: World, run: WorkflowRun, action: str) -> None:
    world.emit("workflow_run", action, run.repo, run.actor, run=run)
