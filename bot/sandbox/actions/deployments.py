"""Deployments and their states."""

from __future__ import annotations

from typing import Any

from bot.sandbox.access import require, who
from bot.sandbox.actions.required import missing_checks
from bot.sandbox.errors import Refused, invalid
from bot.sandbox.state import Actor, Deployment, DeploymentStatus, Protection, Repository, World

STATES = ("error", "failure", "inactive", "pending", "success", "queued", "in_progress")


def create_deployment(
    world: World,
    actor: Actor,
    repo: Repository,
    *,
    ref: str,
    environment: str = "production",
    task: str = "deploy",
    payload: Any = None,
    description: str | None = None,
    required_contexts: list[str] | None = None,
) -> Deployment:
    """A deployment of a ref; 409 when ``required_contexts`` are not green, 422 for an unknown ref."""
    require(world, actor, repo, "deployments", "write")
    sha = repo.git.resolve(ref)
    if sha is None:
        raise invalid(f"No ref found for: {ref}")
    rules = Protection(checks=[(context, None) for context in required_contexts or []])
    if missing_checks(repo, rules, sha):
        raise Refused(409, f"Conflict: Commit status checks failed for {ref}.")
    now = world.clock.now()
    made = Deployment(
        repo=repo,
        sha=sha,
        ref=ref,
        task=task,
        environment=environment,
        payload=payload,
        description=description,
        creator=who(actor),
        app=actor.app,
        created_at=now,
        updated_at=now,
    )
    world.register("DE", made)
    repo.deployments[made.id] = made
    repo.environments.setdefault(environment, {"id": world.next_id(), "created_at": now})
    world.emit("deployment", "created", repo, made.creator, deployment=made)
    return made


def set_deployment_status(
    world: World,
    actor: Actor,
    deployment: Deployment,
    state: str,
    description: str = "",
    log_url: str = "",
    environment_url: str = "",
    auto_inactive: bool = True,
) -> DeploymentStatus:
    """A new state; ``success`` makes older deployments of the environment inactive, as on GitHub."""
    require(world, actor, deployment.repo, "deployments", "write")
    if state not in STATES:
        raise invalid(
            "state is not included in the list", resource="DeploymentStatus", field="state", code="custom"
        )
    made = DeploymentStatus(
        state=state,
        creator=who(actor),
        description=description,
        created_at=world.clock.now(),
        log_url=log_url,
        environment_url=environment_url,
    )
    deployment.statuses.append(world.register("DES", made))
    deployment.updated_at = made.created_at
    world.emit(
        "deployment_status", "created", deployment.repo, made.creator, deployment=deployment, status=made
    )
    if state == "success" and auto_inactive:
        _retire(world, actor, deployment)
    return made


def _retire(world: World, actor: Actor, newest: Deployment) -> None:
    for old in newest.repo.deployments.values():
        same = old is not newest and old.environment == newest.environment and old.id < newest.id
        if same and old.statuses and old.statuses[-1].state == "success":
            set_deployment_status(world, actor, old, "inactive")
