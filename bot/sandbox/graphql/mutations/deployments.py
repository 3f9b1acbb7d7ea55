"""Deployments and their states."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.actions.deployments import create_deployment, set_deployment_status
from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import Context, GitRef
from bot.sandbox.graphql.mutations import Input, mutation
from bot.sandbox.state import Deployment, Repository


@mutation("createDeployment")
def create(context: Context, asked: Input) -> dict[str, Any]:
    """A deployment of a branch; `payload` is JSON in a string."""
    repo: Repository = context.expect(asked["repositoryId"], Repository)
    ref: GitRef = context.expect(asked["refId"], GitRef)
    try:
        payload = json.loads(asked.get("payload") or "{}")
    except ValueError as bad:
        raise Refused(422, "payload is not valid JSON") from bad
    made = create_deployment(
        context.world,
        context.actor,
        repo,
        ref=ref.name.partition("/")[2],
        environment=asked.get("environment") or "production",
        task=asked.get("task") or "deploy",
        payload=payload,
        description=asked.get("description") or None,
        required_contexts=asked.get("requiredContexts"),
    )
    return {"deployment": made, "autoMerged": False}


@mutation("createDeploymentStatus")
def create_status(context: Context, asked: Input) -> dict[str, Any]:
    """A new state of a deployment."""
    deployment: Deployment = context.expect(asked["deploymentId"], Deployment)
    made = set_deployment_status(
        context.world,
        context.actor,
        deployment,
        asked["state"].lower(),
        description=asked.get("description") or "",
        log_url=asked.get("logUrl") or "",
        environment_url=asked.get("environmentUrl") or "",
        auto_inactive=bool(asked.get("autoInactive", True)),
    )
    return {"deploymentStatus": made}
