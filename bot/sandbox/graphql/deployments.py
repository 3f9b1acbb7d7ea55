"""Deployments and their states."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.graphql.context import Context, GitCommit, GitRef
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.page import in_order
from bot.sandbox.state import Deployment, DeploymentStatus, Repository

_SETTLED = {"success": "ACTIVE"}

type_names(Deployment, "Deployment")
type_names(DeploymentStatus, "DeploymentStatus")

DEPLOYMENT = Fields("Deployment")
DEPLOYMENT.attributes(
    id="node_id",
    databaseId="id",
    commitOid="sha",
    task="task",
    environment="environment",
    originalEnvironment="environment",
    latestEnvironment="environment",
    description="description",
    creator="creator",
    repository="repo",
    createdAt="created_at",
    updatedAt="updated_at",
)
DEPLOYMENT.add("commit", lambda d, _c, _: GitCommit(d.repo, d.sha))
DEPLOYMENT.add("payload", lambda d, _c, _: d.payload if isinstance(d.payload, str) else json.dumps(d.payload))
DEPLOYMENT.add("latestStatus", lambda d, _c, _: d.statuses[-1] if d.statuses else None)


@DEPLOYMENT.field("ref")
def ref(deployment: Deployment, _context: Context, _args: dict[str, Any]) -> GitRef | None:
    """The branch that was deployed, null when it was a commit or is gone."""
    name = f"heads/{deployment.ref}"
    return GitRef(deployment.repo, name) if deployment.repo.git.ref(name) else None


@DEPLOYMENT.field("state")
def state(deployment: Deployment, _context: Context, _args: dict[str, Any]) -> str:
    """PENDING without a status, ACTIVE after success, else the latest status's word."""
    if not deployment.statuses:
        return "PENDING"
    word = deployment.statuses[-1].state
    return _SETTLED.get(word, word.upper())


@DEPLOYMENT.connection("statuses")
def statuses(deployment: Deployment, _context: Context, _args: dict[str, Any]) -> list[DeploymentStatus]:
    """The states, newest first."""
    return deployment.statuses[::-1]


STATUS = Fields("DeploymentStatus")
STATUS.attributes(id="node_id", creator="creator", description="description", createdAt="created_at")
STATUS.attributes(updatedAt="created_at", logUrl="log_url", environmentUrl="environment_url")
STATUS.add("state", lambda s, _c, _: s.state.upper())


@STATUS.field("deployment")
def deployment_of(status: DeploymentStatus, context: Context, _args: dict[str, Any]) -> Deployment:
    """The deployment whose state this is."""
    repos = context.world.repositories.values()
    return next(d for repo in repos for d in repo.deployments.values() if status in d.statuses)


def _of(repo: Repository, args: dict[str, Any], sha: str | None = None) -> list[Deployment]:
    wanted = args.get("environments")
    found = [d for d in repo.deployments.values() if wanted is None or d.environment in wanted]
    return in_order([d for d in found if sha in (None, d.sha)], args.get("orderBy"))


@Fields("Repository").connection("deployments")
def repository_deployments(repo: Repository, context: Context, args: dict[str, Any]) -> list[Deployment]:
    """Deployments of a repository."""
    context.reads(repo, "deployments")
    return _of(repo, args)


@Fields("Commit").connection("deployments")
def commit_deployments(commit: GitCommit, context: Context, args: dict[str, Any]) -> list[Deployment]:
    """Deployments of a commit."""
    context.reads(commit.repo, "deployments")
    return _of(commit.repo, args, commit.sha)
