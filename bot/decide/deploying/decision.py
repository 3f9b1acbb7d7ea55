"""Where a deployment stands, and what is next: facts in, one decision out (rows P6, R5, R9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.decide.deploying import verifying
from bot.decide.deploying.rollout import Stand, Step, stand
from bot.model.deployment import Deployment, DeploymentState
from bot.model.policy import Environment
from bot.model.policy_after import ArgoCD, Trigger
from bot.model.rollout import ApplicationLook

POLL = timedelta(seconds=30)
"""When Argo CD is asked again at the latest while something moves; its notifications come sooner."""
SOONEST = timedelta(seconds=5)
"""When it is asked again at the earliest."""
PART = 4
"""Asking adds a quarter at most to what a rollout has taken: a steady rhythm would add half a minute to a short one."""
SLOW = timedelta(minutes=2)
"""When it is asked again while it does not answer, or a person is waited for."""
_S = DeploymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentFacts:
    """All that the decision rests on."""

    deployment: Deployment
    environment: Environment | None
    """By the rules of the default branch now; None when they do not name it any more."""
    config: str
    """The config repository's full name."""
    applications: tuple[ApplicationLook, ...] = ()
    """Those that run what it brings."""
    later: tuple[Deployment, ...] = ()
    """Deployments of the same environment that were merged after it."""
    asked: frozenset[str] = frozenset()
    """What this look has asked already, by key."""
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """An application that is to be synced now; `positions` as `Stand` has them."""

    application: ArgoCD
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentDecision:
    """`to` None: it stays where it is. `findings` say why it failed, or what it waits for."""

    to: DeploymentState | None = None
    why: str = ""
    findings: tuple[str, ...] = ()
    sync: tuple[Synced, ...] = ()
    again_at: datetime | None = None
    trigger: Trigger | None = None
    """What kind of failure it is, for the configured consequence (row P8)."""
    waits_for_person: bool = False
    unread: tuple[str, ...] = ()
    """Applications that could not be read."""
    ask: tuple[verifying.Part, ...] = ()
    """What is to be asked now, before deciding again."""


def watched(environment: Environment, deployment: Deployment) -> bool:
    """Whether the rules say how to tell that this deployment is well there."""
    verify = environment.verify
    return bool(applications_of(environment, deployment) or verify.health or verify.smoke or verify.metrics)


def applications_of(environment: Environment, deployment: Deployment) -> tuple[ArgoCD, ...]:
    """The environment's applications that run something of what the deployment brings."""
    return tuple(
        each
        for each in environment.argocd
        if each.components is None or set(each.components) & set(deployment.components)
    )


def is_later(other: Deployment, there: Deployment) -> bool:
    """Whether it was merged after this one; of one second, the higher number is the later."""
    if other.merged_at is None or there.merged_at is None or other.pull_number == there.pull_number:
        return False
    return (other.merged_at, other.pull_number) > (there.merged_at, there.pull_number)


def replaced(deployment: Deployment, later: Sequence[Deployment]) -> dict[str, int]:
    """Component to the pull request whose merge changed it again."""
    found: dict[str, int] = {}
    for each in later:
        for name in set(deployment.components) & set(each.components):
            found[name] = each.pull_number
    return found


def decide_deployment(facts: DeploymentFacts) -> DeploymentDecision:
    """The decision for a deployment that is underway. For any other there is nothing to decide."""
    deployment = facts.deployment
    if not deployment.underway:
        return DeploymentDecision()
    gone = replaced(deployment, facts.later)
    if gone and set(gone) == set(deployment.components):
        numbers = ", ".join(f"#{number}" for number in sorted(set(gone.values())))
        return DeploymentDecision(to=_S.SUPERSEDED, why=f"{numbers} changed its components again")
    left = {name: move for name, move in deployment.components.items() if name not in gone}
    facts = replace(facts, deployment=replace(deployment, components=left))
    if facts.environment is None:
        why = f"the rules name no environment {deployment.environment} any more: nothing tells whether it is well"
        return DeploymentDecision(to=_S.FAILED, why=why, findings=(why,))
    if not watched(facts.environment, deployment):
        why = "nothing is watched here: the rules name neither `argocd` nor `verify` for what it brings"
        return DeploymentDecision(to=_S.LIVE, why=why)
    stands = [(each, stand(each, facts.deployment, facts.config, facts.now)) for each in facts.applications]
    failed = [each.says for _, each in stands if each.step is Step.FAILED]
    if failed:
        return _failed(failed, Trigger.DEPLOYMENT_FAILURE)
    if deployment.state is _S.VERIFYING:
        return _verifying(facts, facts.environment, [each for _, each in stands])
    return _rolling(facts, stands)


def _rolling(facts: DeploymentFacts, stands: Sequence[tuple[ApplicationLook, Stand]]) -> DeploymentDecision:
    open_ones = [each for _, each in stands if each.step is not Step.DONE]
    if not open_ones:
        why = "; ".join(each.says for _, each in stands) or "no application is named for its components"
        return DeploymentDecision(to=_S.VERIFYING, why=why)
    sync = tuple(
        Synced(application=look.application, positions=each.positions)
        for look, each in stands
        if each.step is Step.SYNC
    )
    person = any(each.step is Step.PERSON for each in open_ones)
    only_person = all(each.step in (Step.PERSON, Step.UNREAD) for each in open_ones)
    begins = facts.deployment.state is _S.MERGED and not only_person
    slow = all(each.step in (Step.PERSON, Step.UNREAD) for each in open_ones)
    return DeploymentDecision(
        to=_S.SYNCING if begins else None,
        why="; ".join(each.says for each in open_ones) if begins else "",
        findings=tuple(each.says for each in open_ones),
        sync=sync,
        again_at=facts.now + (SLOW if slow else pause(facts.now - facts.deployment.since)),
        waits_for_person=person,
        unread=_unread(stands),
    )


def pause(taken: timedelta) -> timedelta:
    """How long after a look at a rollout that has taken so long the next one is."""
    return min(max(taken / PART, SOONEST), POLL)


def _verifying(
    facts: DeploymentFacts, environment: Environment, stands: Sequence[Stand]
) -> DeploymentDecision:
    """Verification goes on beside a look at what runs: what passes counts only while that stays as it was proven."""
    deployment, verify, now = facts.deployment, environment.verify, facts.now
    began = deployment.since
    found = verifying.parts(verify, deployment, began)
    failed = [each for each in found if each.failed or verifying.overdue(each, verify, began, now)]
    if failed:
        return _failed([each.says for each in failed], failed[0].trigger)
    shaky = [each.says for each in stands if each.step is not Step.DONE]
    lost = [each.says for each in stands if each.step not in (Step.DONE, Step.UNREAD)]
    if lost and now >= began + verify.timeout:
        return _failed(lost, Trigger.DEPLOYMENT_FAILURE)
    asks = verifying.due(found, now, facts.asked)
    if asks:
        return DeploymentDecision(ask=asks)
    if all(each.done for each in found) and not shaky:
        proofs = [*(each.says for each in stands), *(each.says for each in found)]
        return DeploymentDecision(to=_S.LIVE, why="; ".join(proofs))
    again = verifying.next_at(found, verify, began, now)
    waits = (*shaky, *(each.says for each in found if not each.done))
    return DeploymentDecision(findings=waits, again_at=min(again, now + SLOW) if shaky else again)


def _failed(says: Sequence[str], trigger: Trigger) -> DeploymentDecision:
    return DeploymentDecision(to=_S.FAILED, why="; ".join(says), findings=tuple(says), trigger=trigger)


def _unread(stands: Sequence[tuple[ApplicationLook, Stand]]) -> tuple[str, ...]:
    return tuple(look.application.application for look, each in stands if each.step is Step.UNREAD)
