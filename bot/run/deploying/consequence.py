"""What follows from a failed deployment. Every failure comes by here, once, whatever failed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide.deploying import is_later, replaced, watched
from bot.model.deployment import ALLOWED, Deployment, DeploymentKind, DeploymentState
from bot.model.policy import Policy
from bot.model.policy_after import Trigger
from bot.model.ports_store import wake
from bot.model.subject import Subject, pull
from bot.model.subject import deployment as subject_of
from bot.model.subject import environment as environment_of
from bot.run import rollback
from bot.run.house import House, note, whole


def failed(
    house: House,
    subject: Subject,
    policy: Policy,
    deployment: Deployment,
    trigger: Trigger,
    findings: Sequence[str],
) -> None:
    """Called when `deployment` has become `failed`; it, its findings and the ledger's row are on record by then.

    A rollback that did not become healthy is for people; anything else asks for the automatic rollback, which the
    locks of the rules let through or not. What is open for the environments after it is looked at again.
    """
    reason = "; ".join(findings) or f"#{deployment.pull_number} was not proven healthy"
    if deployment.kind is DeploymentKind.ROLLBACK:
        rollback.not_healthy(house, subject, deployment.pull_number, deployment.since, reason)
        # Git has gone back, and what is wrong now is the rollback's own failure: nothing else moves this one on.
        why = (
            f"#{deployment.pull_number} took it back, and did not become healthy: people decide from here on"
        )
        _undone(house, deployment, DeploymentState.ROLLED_BACK, why)
    else:
        rollback.failed_deploy(
            house,
            installation_id=subject.installation_id,
            repository_id=subject.repository,
            environment=deployment.environment,
            pull_number=deployment.pull_number,
            trigger=trigger,
            reason=reason,
            findings=findings,
            since=deployment.since,
        )
    wake_following(house, subject, policy, deployment)


def proven(house: House, subject: Subject, policy: Policy, deployment: Deployment) -> None:
    """Called when `deployment` has become `live`: stops a rollback's clock, and considers what comes next. Where
    nothing is watched, nothing is claimed either: the clock ends unmeasured."""
    if deployment.kind is DeploymentKind.ROLLBACK:
        rolled_back(house, deployment)
        environment = policy.environment(deployment.environment)
        ends = (
            rollback.healthy
            if environment is None or watched(environment, deployment)
            else rollback.unwatched
        )
        ends(house, subject, deployment.pull_number, deployment.live_at or deployment.since)
    wake_following(house, subject, policy, deployment)


def superseded(house: House, subject: Subject, deployment: Deployment) -> None:
    """Called when a later merge changed the components of `deployment` before it was proven. A rollback's clock stops
    there, unproven; what it took back stays taken back."""
    if deployment.kind is DeploymentKind.ROLLBACK:
        why = f"it was not proven: {deployment.transitions[-1].why}"
        rollback.not_healthy(house, subject, deployment.pull_number, house.clock(), why)
        rolled_back(house, deployment)


def going_back(house: House, deployment: Deployment) -> None:
    """Called when a rollback was merged: what it undoes is on its way back."""
    _undone(house, deployment, DeploymentState.ROLLING_BACK, f"#{deployment.pull_number} takes it back")


def rolled_back(house: House, deployment: Deployment) -> None:
    """Called when a rollback stands, as far as anything watches that."""
    _undone(house, deployment, DeploymentState.ROLLED_BACK, f"#{deployment.pull_number} took it back")


@whole
def _undone(house: House, deployment: Deployment, to: DeploymentState, why: str) -> None:
    if deployment.reverts is None:
        return
    there = house.store.deployments.by_pull(deployment.config_repository_id, deployment.reverts)
    if there is None or to not in ALLOWED[there.state]:
        return
    if not _is_whole(house, there):
        # What was not taken back of it runs on: it stays what it is, and goes on where it was on its way.
        if there.underway:
            wake(
                house.store, subject_of(there.installation_id, there.config_repository_id, there.pull_number)
            )
        return
    subject = subject_of(there.installation_id, there.config_repository_id, there.pull_number)
    with house.store.together():
        note(
            house, subject, "deployment", "done", why, pull_number=there.pull_number, head_sha=there.merge_sha,
            details={"environment": there.environment, "state": to.value, "was": there.state.value},
            once=f"deployment {there.id} {to.value} {there.since.isoformat()}",
        )  # fmt: skip
        house.store.deployments.move(there, to, house.clock(), why)
        wake(house.store, subject)


def _is_whole(house: House, there: Deployment) -> bool:
    """Whether nothing of it is left: every component was taken back, or changed by a later merge."""
    others = house.store.deployments.of(there.config_repository_id, there.environment)
    return set(replaced(there, [each for each in others if is_later(each, there)])) == set(there.components)


def wake_following(house: House, subject: Subject, policy: Policy, deployment: Deployment) -> None:
    """Looks again at its environment and those that take releases from it, and at what is open there."""
    installation, repository = subject.installation_id, subject.repository
    names = [deployment.environment, *(each.name for each in policy.after(deployment.environment))]
    names += [each.name for each in policy.hotfixes_after(deployment.environment) if each.name not in names]
    for name in names:
        wake(house.store, environment_of(installation, repository, name))
    for promotion in house.store.promotions.open_of(repository):
        if promotion.environment in names:
            wake(house.store, pull(installation, repository, promotion.pull_number))
