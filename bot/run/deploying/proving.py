"""Asking what verification asks for: health checks, smoke tests, metrics; each answer is kept at once (row P7)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot.decide.deploying import baseline, verifying
from bot.decide.deploying.verifying import Part
from bot.decide.gates import metrics as metrics_gate
from bot.errors import InstallationGone, LockstepError, Stale, Terminal
from bot.model.action import DispatchWorkflow
from bot.model.deployment import Deployment, Progress
from bot.model.facts import Repository, Unknown, WorkflowRun
from bot.model.policy import Environment, Policy
from bot.model.policy_after import SmokeTest
from bot.model.policy_gates import MetricsGate
from bot.model.ports import GitHub
from bot.model.ports_gates import Place
from bot.model.subject import Subject
from bot.run.acts import Cause, carry_out
from bot.run.house import House


def prove(
    house: House,
    subject: Subject,
    github: GitHub,
    config: Repository,
    policy: Policy,
    environment: Environment,
    deployment: Deployment,
    part: Part,
) -> None:
    """Asks one part once, and puts on record what came of it."""
    now = house.clock()
    if part.check is not None:
        answer = house.readers.ask(part.check)
        _keep(house, deployment, verifying.answered(part, part.check, answer, now))
    elif part.smoke is not None and part.smoke.steps:
        _steps(house, deployment, part, part.smoke)
    elif part.smoke is not None:
        others = _others(house, policy, deployment)
        _workflow(house, subject, github, config, deployment, part, part.smoke, others)
    else:
        _keep(house, deployment, _metrics(house, policy, environment, deployment, part, now))


def _steps(house: House, deployment: Deployment, part: Part, smoke: SmokeTest) -> None:
    """The steps in order, each once, up to the first that is not right."""
    progress = part.progress
    for step in smoke.steps[progress.count if progress else 0 :]:
        before = progress.count if progress else 0
        asked = verifying.with_progress(part, progress)
        progress = verifying.stepped(asked, smoke, step, house.readers.ask(step), house.clock())
        _keep(house, deployment, progress)
        if progress.count == before:
            return


def _workflow(
    house: House,
    subject: Subject,
    github: GitHub,
    config: Repository,
    deployment: Deployment,
    part: Part,
    smoke: SmokeTest,
    others: Collection[int],
) -> None:
    """Dispatched once: what was begun is on record before GitHub is asked, and looked for afterwards."""
    now, run = house.clock(), _run(github, part, smoke, others)
    if not verifying.wants_dispatch(part, run, now):
        _keep(house, deployment, verifying.ran(part, smoke, run, now))
        return
    begun = verifying.dispatched(part, now)
    _keep(house, deployment, begun)
    action = DispatchWorkflow(
        because=f"smoke test {smoke.name} of #{deployment.pull_number} in {deployment.environment}",
        repository=smoke.repository or config.full_name,
        workflow=smoke.workflow or "",
        ref=smoke.ref,
        inputs=smoke.inputs,
    )
    try:
        (receipt,) = carry_out(house, Cause(subject=subject), config, [action])
    except InstallationGone:
        raise
    except Terminal as error:
        _keep(house, deployment, verifying.refused(part, str(error), now))
        return
    refusal, run_id = receipt.result.get("refused"), receipt.result.get("run_id")
    if refusal:
        _keep(house, deployment, verifying.refused(part, str(refusal), now))
    elif run_id:
        _keep(house, deployment, verifying.with_run(begun, int(run_id)))


def _others(house: House, policy: Policy, deployment: Deployment) -> Collection[int]:
    """Runs that prove other deployments: the same workflow may be dispatched for several at once."""
    repository = deployment.config_repository_id
    return {
        part.run_id
        for environment in policy.environments
        for each in house.store.deployments.of(repository, environment.name)
        if each.pull_number != deployment.pull_number
        for part in each.progress.values()
        if part.run_id is not None
    }


def _run(github: GitHub, part: Part, smoke: SmokeTest, others: Collection[int]) -> WorkflowRun | None:
    kept = part.progress
    if kept is None or kept.since is None or smoke.repository is None or smoke.workflow is None:
        return None
    if kept.run_id is not None:
        return github.run(smoke.repository, kept.run_id)
    return github.dispatched_run(smoke.repository, smoke.workflow, kept.since, others)


def _metrics(
    house: House, policy: Policy, environment: Environment, deployment: Deployment, part: Part, now: datetime
) -> Progress:
    """The rules' queries over the window since the deploy, compared with the last good moment before it."""
    verify, labels = environment.verify, policy.alerts
    landed = house.store.deployments.of(deployment.config_repository_id, environment.name)
    before = baseline.compared_with(deployment, environment, landed)
    queries = verify.metrics if before is not None else baseline.without_change(verify.metrics)
    if not queries:
        return verifying.incomparable(part, now)
    gate = MetricsGate(window=verify.window, queries=queries)
    place = Place(environment=environment.name, components=tuple(sorted(deployment.components)))
    if labels is not None:
        place = Place(
            environment=place.environment,
            components=place.components,
            environment_label=labels.environment_label,
            component_label=labels.component_label,
        )
    try:
        reading = house.readers.metrics(gate, place, before, now)
    except (Stale, InstallationGone):
        raise
    except LockstepError as error:
        return verifying.unread(part, Unknown(why=str(error)), now)
    return verifying.measured(part, metrics_gate.metrics(gate, reading, now), now)


def _keep(house: House, deployment: Deployment, progress: Progress) -> None:
    house.store.deployments.note(deployment, progress=[progress])
