"""A look at a deployment: where does it stand, what is to be done about it, and when is it looked at again?

A look asks everything once and never sleeps: what takes time is put back into the queue with a time of its own, so a
worker that dies anywhere in between loses nothing (rows P6, R5, R9; attack case 100).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.decide.deploying import DeploymentDecision, DeploymentFacts, decide_deployment, is_later, watched
from bot.decide.deploying.verifying import Part
from bot.errors import Retryable
from bot.model.deployment import Deployment, DeploymentState, Progress, watch_key
from bot.model.facts import Repository
from bot.model.policy import Environment, Policy
from bot.model.policy_after import Trigger
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.subject import Subject
from bot.run import rules
from bot.run.deploying import consequence, reading, release_log
from bot.run.deploying.proving import prove
from bot.run.deploying.record import FOLLOWED
from bot.run.deploying.syncing import sync
from bot.run.deploying.telling import tell
from bot.run.house import House, Looked, note

ROUNDS = 12
"""Steps in one look; each is on record before the next."""
INVALID = timedelta(minutes=2)
"""When it is looked at again while the rules cannot be read; mending them wakes it too."""
UNTOLD = timedelta(seconds=15)
"""When telling is tried again at the earliest."""
SILENCE = timedelta(minutes=5)
"""How long Argo CD may not answer before it is told on the pull request."""
TRIGGER = "trigger"
"""Under which it is kept what kind of failure it was."""
_S = DeploymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a look happens."""

    house: House
    subject: Subject
    github: GitHub
    config: Repository
    policy: Policy
    environment: Environment | None


def look_deployment(house: House, subject: Subject) -> Looked:
    """Takes a merged promotion as far as facts allow now."""
    there = house.store.deployments.by_pull(subject.repository, subject.number)
    if there is None:
        return Looked(outcome="skipped: no deployment is on record for it")
    github = house.github(subject.installation_id)
    file = next(iter(github.rules_files([subject.repository])), None)
    policy = rules.of(house, file).policy if file else None
    if file is None or policy is None:
        if there.underway:
            wake(house.store, subject, house.clock() + INVALID)
        return Looked(outcome="waits: the rules file of the default branch cannot be read")
    place = _Place(
        house=house,
        subject=subject,
        github=github,
        config=file.repository,
        policy=policy,
        environment=policy.environment(there.environment),
    )
    decision = _go_on(place, there)
    now_there = _again(place)
    if now_there.underway and decision.findings != now_there.findings:
        house.store.deployments.note(now_there, findings=decision.findings)
    again = decision.again_at if now_there.underway else None
    _follow(place, now_there)
    if place.environment is None or watched(place.environment, now_there):
        later = _tell(place, now_there, decision)
        again = min(again, later) if again and later else again or later
    if again is not None:
        wake(house.store, subject, again)
    return Looked(
        outcome=f"{now_there.state.value}: {'; '.join(decision.findings) or decision.why or 'quiet'}"
    )


def _tell(place: _Place, there: Deployment, decision: DeploymentDecision) -> datetime | None:
    """Tells what is new; when GitHub takes nothing now (a rate limit, an outage), the moment to try again. Whether
    something is well does not depend on whether that can be told: verification goes on meanwhile."""
    try:
        tell(
            place.house, place.subject, place.github, there, place.environment, _waits(place, there, decision)
        )
    except Retryable as error:
        now = place.house.clock()
        return max(error.at or now, now + UNTOLD)
    return None


def _go_on(place: _Place, there: Deployment) -> DeploymentDecision:
    """Step by step, until something has to be waited for."""
    decision = DeploymentDecision()
    asked: frozenset[str] = frozenset()
    for _ in range(ROUNDS):
        if not there.underway:
            return decision
        facts = replace(_facts(place, there), asked=asked)
        _watch(place, there, facts)
        decision = decide_deployment(facts)
        _note_silence(place, there, decision)
        if decision.ask:
            for part in decision.ask:
                _prove(place, there, part)
            asked |= {part.key for part in decision.ask}
        elif decision.to is not None:
            _move(place, there, decision)
        if decision.sync:
            sync(place.house, place.subject, there, decision.sync, facts)
        if not decision.ask and decision.to is None and not decision.sync:
            return decision
        there = _again(place)
    return decision if decision.again_at else _soon(place)


def _facts(place: _Place, there: Deployment) -> DeploymentFacts:
    house, now = place.house, place.house.clock()
    others = house.store.deployments.of(there.config_repository_id, there.environment)
    environment = place.environment
    return DeploymentFacts(
        deployment=there,
        environment=environment,
        config=place.config.full_name,
        applications=reading.applications(house, place.github, place.config, environment, there, now)
        if environment
        else (),
        later=tuple(each for each in others if is_later(each, there)),
        now=now,
    )


def _prove(place: _Place, there: Deployment, part: Part) -> None:
    if place.environment is not None:
        prove(
            place.house,
            place.subject,
            place.github,
            place.config,
            place.policy,
            place.environment,
            there,
            part,
        )


def _move(place: _Place, there: Deployment, decision: DeploymentDecision) -> None:
    """The ledger first: nothing becomes so that is not written down (attack case 97)."""
    if decision.to is None:
        return
    house, subject = place.house, place.subject
    with house.store.together():
        note(
            house, subject, "deployment", "failed" if decision.to is _S.FAILED else "done", decision.why,
            pull_number=there.pull_number, head_sha=there.merge_sha,
            details={
                "environment": there.environment, "state": decision.to.value, "was": there.state.value,
                **({"trigger": decision.trigger.value} if decision.trigger else {}),
                **({"findings": list(decision.findings)} if decision.findings else {}),
            },
            once=f"deployment {there.id} {decision.to.value} {there.since.isoformat()}",
        )  # fmt: skip
        if decision.trigger is not None:
            kind = Progress(key=TRIGGER, at=house.clock(), says=decision.trigger.value)
            house.store.deployments.note(there, progress=[kind])
        house.store.deployments.move(
            there, decision.to, house.clock(), decision.why, findings=decision.findings
        )


def _follow(place: _Place, there: Deployment) -> None:
    """What follows from the end that it has come to, once; a worker that was killed before it leaves it to the next."""
    done = there.progress.get(FOLLOWED)
    if there.state not in (_S.LIVE, _S.FAILED, _S.SUPERSEDED) or (done and done.since == there.since):
        return
    house, subject = place.house, place.subject
    if there.state is _S.LIVE:
        consequence.proven(house, subject, place.policy, there)
    elif there.state is _S.SUPERSEDED:
        consequence.superseded(house, subject, there)
    else:
        kept = there.progress.get(TRIGGER)
        trigger = Trigger(kept.says) if kept else Trigger.DEPLOYMENT_FAILURE
        consequence.failed(house, subject, place.policy, there, trigger, there.findings)
    if place.environment is not None:
        release_log.keep(house, subject, place.github, place.config, place.policy, place.environment, there)
    followed = Progress(key=FOLLOWED, at=house.clock(), since=there.since, done=True)
    house.store.deployments.note(there, progress=[followed])


def _watch(place: _Place, there: Deployment, facts: DeploymentFacts) -> None:
    """Puts on record which applications it waits for, so that their notifications wake it."""
    keys = [watch_key(each.application.application) for each in facts.applications]
    fresh = [Progress(key=each, at=facts.now) for each in keys if each not in there.progress]
    if fresh:
        place.house.store.deployments.note(there, progress=fresh)


def _note_silence(place: _Place, there: Deployment, decision: DeploymentDecision) -> None:
    """Since when an application does not answer: that time is not counted against it."""
    now = place.house.clock()
    for name in decision.unread:
        before = there.progress.get(f"silent:{name}")
        since = before.since if before and before.since and now - before.at < SILENCE else now
        silent = Progress(key=f"silent:{name}", at=now, since=since)
        place.house.store.deployments.note(there, progress=[silent])


def _waits(place: _Place, there: Deployment, decision: DeploymentDecision) -> tuple[str, ...]:
    """What is told while it waits: that a person is to speak, or that Argo CD has been silent for long."""
    now = place.house.clock()
    silent = [there.progress.get(f"silent:{name}") for name in decision.unread]
    long = any(each and each.since and now - each.since >= SILENCE for each in silent)
    return decision.findings if there.underway and (decision.waits_for_person or long) else ()


def _again(place: _Place) -> Deployment:
    there = place.house.store.deployments.by_pull(place.subject.repository, place.subject.number)
    if there is None:
        raise RuntimeError(f"the deployment {place.subject} is gone")
    return there


def _soon(place: _Place) -> DeploymentDecision:
    return DeploymentDecision(again_at=place.house.clock())
