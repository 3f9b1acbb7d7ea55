"""What "before the deploy" means for metrics that may not change much: the last moment that counts as good (row P7).

A rollback is not held to the bad release that it takes back, and a fix not to the failure before it: then every cure
would look like a change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.model.deployment import Deployment, DeploymentKind, DeploymentState
from bot.model.policy import Environment
from bot.model.policy_after import Sync
from bot.model.policy_gates import MetricQuery

_S = DeploymentState
_BAD = frozenset({_S.FAILED, _S.ROLLING_BACK, _S.ROLLED_BACK, _S.SUPERSEDED})


def compared_with(
    deployment: Deployment, environment: Environment, landed: Sequence[Deployment]
) -> datetime | None:
    """The moment whose values are compared with; None when nothing good is on record.

    `landed` are the environment's deployments, newest first. From the deployment itself it goes back over all that
    stood only since something went wrong: what a rollback undoes, and what failed before.
    """
    start: Deployment | None = deployment
    if deployment.kind is DeploymentKind.ROLLBACK:
        start = next((each for each in landed if each.pull_number == deployment.reverts), None)
    if start is None or start.merged_at is None:
        return None
    for each in landed:
        earlier = (
            each.merged_at is not None and start.merged_at is not None and each.merged_at < start.merged_at
        )
        if not earlier or not set(each.components) & set(deployment.components):
            continue
        if each.state not in _BAD:
            break
        start = each
    return _began(start, environment)


def _began(deployment: Deployment, environment: Environment) -> datetime | None:
    """When it began to change what runs: with a person's word where every application waits for one, else the merge."""
    waits = environment.argocd and all(each.sync is Sync.CONFIRM for each in environment.argocd)
    first = next((each.at for each in deployment.transitions if each.state is _S.SYNCING), None)
    return first if waits and first is not None else deployment.merged_at


def without_change(queries: Sequence[MetricQuery]) -> tuple[MetricQuery, ...]:
    """What is left to judge when there is nothing to compare with: the bounds on the values now."""
    left = (replace(each, max_change_percent=None) for each in queries)
    bounds = ("min", "max", "warn_min", "warn_max")
    return tuple(each for each in left if any(getattr(each, name) is not None for name in bounds))
