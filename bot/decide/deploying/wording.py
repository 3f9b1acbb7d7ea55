"""How a deployment is told: lines of the story on its pull request, and GitHub's Deployment (rows P6, B8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from bot.decide.checks import sync_button
from bot.decide.gates.measuring import moment
from bot.decide.names import detail_check
from bot.decide.text import code, plain, visible
from bot.model.action import CheckRun, MirrorDeployment
from bot.model.deployment import Deployment, DeploymentState
from bot.model.facts import Pull

_S = DeploymentState
GITHUB: Mapping[DeploymentState, str] = MappingProxyType(
    {
        _S.MERGED: "queued",
        _S.SYNCING: "in_progress",
        _S.VERIFYING: "in_progress",
        _S.LIVE: "success",
        _S.FAILED: "failure",
        _S.ROLLING_BACK: "failure",
        _S.ROLLED_BACK: "inactive",
        _S.SUPERSEDED: "inactive",
    }
)
"""State to GitHub's word for a deployment status: https://docs.github.com/rest/deployments/statuses"""
_SAID = {
    _S.MERGED: "merged, and waits to be synced",
    _S.SYNCING: "Argo CD brings it to the cluster",
    _S.VERIFYING: "rolled out; it is being verified",
    _S.LIVE: "proven healthy",
    _S.FAILED: "failed",
    _S.ROLLING_BACK: "failed; a rollback is on its way",
    _S.ROLLED_BACK: "rolled back",
    _S.SUPERSEDED: "a later merge took its place",
}
_CHECK: Mapping[DeploymentState, str] = MappingProxyType(
    {
        _S.LIVE: "success",
        _S.FAILED: "failure",
        _S.ROLLING_BACK: "failure",
        _S.ROLLED_BACK: "failure",
        _S.SUPERSEDED: "neutral",
    }
)
"""State to the conclusion of the check run; in progress before. What was rolled back is never green afterwards."""
_LONGEST = 900


def lines(deployment: Deployment) -> tuple[str, ...]:
    """A line for each step since the merge; `why` was made safe where it was written."""
    return tuple(_lines(deployment))


def _lines(deployment: Deployment) -> Iterator[str]:
    for step in deployment.transitions:
        if step.state in GITHUB and step.state is not _S.MERGED:
            why = visible(step.why)[:_LONGEST]
            where = code(deployment.environment)
            yield f"{moment(step.at)}: {where} **{step.state.value}**" + (f": {why}" if why else "")


def waiting(deployment: Deployment, says: str) -> str:
    """The line that tells what is waited for."""
    return f"{code(deployment.environment)} waits: {visible(says)[:_LONGEST]}"


def shown(deployment: Deployment, pull: Pull, waits: Sequence[str], *, syncs: bool) -> CheckRun | None:
    """The check run with the button, where a person's word is what helps: it waits for one, or failed where Lockstep
    syncs. None: there is no such thing. Once it was shown, it tells how it went on."""
    asks = deployment.state is _S.MERGED and any("/sync" in each for each in waits)
    failed = deployment.state is _S.FAILED and syncs
    conclusion = "action_required" if asks else _CHECK.get(deployment.state)
    said = "; ".join(waits if asks else deployment.findings) or _SAID.get(
        deployment.state, deployment.state.value
    )
    if not asks and not failed and deployment.state in (_S.MERGED, _S.FAILED):
        return None
    title = "Waits for a person's yes" if asks else f"{deployment.environment}: {deployment.state.value}"
    return CheckRun(
        name=detail_check(pull.base_ref, "deployment"),
        head_sha=pull.head_sha,
        status="completed" if conclusion else "in_progress",
        conclusion=conclusion,
        title=title,
        summary=visible(said)[:_LONGEST],
        actions=(sync_button(deployment.pull_number),) if asks or failed else (),
    )


def mirrored(deployment: Deployment, pull: Pull, *, url: str = "") -> MirrorDeployment | None:
    """What GitHub's Environments page is to say; None when it says so, or there is nothing to say."""
    state = GITHUB.get(deployment.state)
    if state is None or deployment.merge_sha is None or deployment.github_state == deployment.state.value:
        return None
    said = plain(f"#{deployment.pull_number}: {_SAID[deployment.state]}", 140)
    return MirrorDeployment(
        because=f"Deploy #{deployment.pull_number} to {deployment.environment}: {deployment.state.value}",
        number=deployment.pull_number,
        sha=deployment.merge_sha,
        environment=deployment.environment,
        production=deployment.environment == "production",
        state=state,
        description=said,
        log_url=pull.url,
        environment_url=url,
        deployment_id=deployment.github_id,
    )
