"""Custom deployment protection rules: a job waits for an App's yes to an environment.

https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/create-custom-protection-rules
"""

from __future__ import annotations

from bot.sandbox.access import require, who
from bot.sandbox.actions.workflows import ACTIONS_APP_ID, finish_run
from bot.sandbox.errors import Refused, invalid
from bot.sandbox.state import Actor, App, Deployment, GateRequest, WorkflowRun, World

MOST_REPORTS = 10
"""GitHub takes ten status reports for a deployment."""


def request_gate(world: World, run: WorkflowRun, environment: str, app: App) -> GateRequest:
    """A job of the run reaches the environment, whose rule is this App: a deployment waits, the App is asked."""
    now = world.clock.now()
    repo = run.repo
    repo.environments.setdefault(environment, {"id": world.next_id(), "created_at": now})
    deployment = Deployment(
        repo=repo,
        sha=run.head_sha,
        ref=run.head_branch or run.head_sha,
        task="deploy",
        environment=environment,
        payload={},
        description=None,
        creator=run.actor,
        app=world.apps[ACTIONS_APP_ID],
        created_at=now,
        updated_at=now,
    )
    world.register("DE", deployment)
    repo.deployments[deployment.id] = deployment
    run.status = "waiting"
    made = world.register(
        "GATE", GateRequest(run=run, environment=environment, app=app, deployment=deployment)
    )
    run.gates.append(made)
    world.emit("deployment_protection_rule", "requested", repo, run.actor, only_app=app, request=made)
    return made


def answer_gate(
    world: World, actor: Actor, run: WorkflowRun, environment: str, state: str | None, comment: str | None
) -> None:
    """The App approves, rejects, or reports without deciding (no ``state``); 422 when nothing waits for it.

    A rejected job fails, and the run with it.
    """
    require(world, actor, run.repo, "deployments", "write")
    if actor.installation is None:
        raise Refused(403, "Resource not accessible by personal access token")
    waiting = [
        each
        for each in run.gates
        if each.app is actor.app and each.environment == environment and each.state == "pending"
    ]
    if not waiting:
        raise Refused(422, f"No pending deployment requests to approve or reject for {environment}")
    if state is None and not comment:
        raise invalid(
            "comment is missing", resource="DeploymentProtectionRule", field="comment", code="missing_field"
        )
    if state not in (None, "approved", "rejected"):
        raise invalid("state is invalid", resource="DeploymentProtectionRule", field="state", code="invalid")
    for each in waiting:
        if state is None and len(each.comments) >= MOST_REPORTS:
            raise Refused(422, "The limit of status reports for this deployment has been reached")
        each.comments.append(comment or "")
        each.state = state or each.state
        each.by = who(actor)
    if state == "rejected":
        finish_run(world, run, "failure")
    elif state == "approved" and all(each.state == "approved" for each in run.gates):
        run.status = "in_progress"
