"""Is the deployment stable? Argo CD's applications are Synced and Healthy, for long enough, with this release (row P2).

What takes a moment after a merge (a sync, a rollout) is waited for; what does not get better by itself blocks.
https://argo-cd.readthedocs.io/en/stable/operator-manual/health/
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.decide.gates import Gated
from bot.decide.gates.lasting import lasting
from bot.decide.gates.measuring import Finding, gated, length, moment, unread
from bot.decide.text import code, plain, truncate
from bot.model.argocd import ApplicationReading, ApplicationState, StabilityReading
from bot.model.facts import Unknown
from bot.model.image import short_digest
from bot.model.policy_gates import StabilityGate
from bot.model.verdict import Evidence, Outcome

FRESH = timedelta(minutes=10)
"""How old Argo CD's last comparison with Git may be. By itself it compares every three minutes or so."""
LOOK_AGAIN = timedelta(minutes=2)
"""When an application is looked at again that is on its way."""
_SAID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    """Why an application is not stable."""

    outcome: Outcome
    says: str
    takes_time: bool = False
    """Whether that is to be expected for a while after a merge."""


def stability(gate: StabilityGate, reading: StabilityReading, now: datetime) -> Gated:
    """Every application of the environment, each judged alone; one that could not be read is unknown."""
    if not reading.applications:
        why = (
            f"the rules name no application: add `argocd` to {reading.environment}, or write `stability: off`"
        )
        return gated(
            "stability", [unread(f"The Argo CD application of {reading.environment}", Unknown(why=why))]
        )
    findings = [_application(gate, reading, each, now) for each in reading.applications]
    if reading.uncovered:
        named = ", ".join(reading.uncovered)
        why = f"none of the applications of {reading.environment} lists it under `components`"
        findings.append(unread(f"The application that runs {named}", Unknown(why=why)))
    return gated("stability", findings)


def _application(
    gate: StabilityGate, reading: StabilityReading, each: ApplicationReading, now: datetime
) -> Finding:
    what = f"The application {code(each.application)}"
    state = each.state
    if isinstance(state, Unknown):
        return unread(what, state)
    if state.reconciled_at is None or now - state.reconciled_at > FRESH:
        when = f"since {moment(state.reconciled_at)}" if state.reconciled_at else "yet"
        why = f"Argo CD has not compared it with Git {when}; does its controller run?"
        return unread(what, Unknown(why=why))
    trouble = _standing(what, state) or _content(what, reading, each, state)
    found = _told(trouble, reading.merged, each.timeout, now) if trouble else _lasts(gate, what, state, now)
    return replace(found, evidence=(_evidence(gate, each, state),))


def _standing(what: str, state: ApplicationState) -> _Trouble | None:
    """Whatever is not Synced and Healthy; None when it is both."""
    return _syncing(what, state) or _health(what, state)


def _syncing(what: str, state: ApplicationState) -> _Trouble | None:
    operation = state.operation
    if state.running:
        since = f" since {moment(operation.started_at)}" if operation and operation.started_at else ""
        return _Trouble(outcome=Outcome.WAIT, says=f"{what} is being synced{since}")
    if operation and operation.phase in ("Failed", "Error"):
        return _Trouble(
            outcome=Outcome.BLOCK, says=f"{what}: its last sync failed{_because(operation.message)}"
        )
    if operation and operation.phase != "Succeeded":
        return _unclear(f"{what}: its last sync ended as {plain(operation.phase, 40)}, which is no known end")
    if state.sync == "OutOfSync":
        says = f"{what} is OutOfSync: what runs is not what Git says"
        return _Trouble(outcome=Outcome.BLOCK, says=says, takes_time=True)
    if state.sync != "Synced":
        wrong = next((each for each in state.conditions if each.type.endswith("Error")), None)
        because = _because(wrong.message) if wrong else ""
        return _unclear(f"{what}: Argo CD cannot tell whether it is in sync{because}")
    return None


def _health(what: str, state: ApplicationState) -> _Trouble | None:
    says = f"{what} is {plain(state.health, 40)}{_because(state.health_message)}"
    if state.health == "Healthy":
        return None
    if state.health in ("Progressing", "Suspended"):
        resume = "; it goes on when somebody resumes it" if state.health == "Suspended" else ""
        return _Trouble(outcome=Outcome.WAIT, says=says + resume)
    if state.health in ("Degraded", "Missing"):
        return _Trouble(outcome=Outcome.BLOCK, says=says, takes_time=state.health == "Missing")
    return _unclear(f"{what}: Argo CD does not know its health{_because(state.health_message)}")


def _content(
    what: str, reading: StabilityReading, each: ApplicationReading, state: ApplicationState
) -> _Trouble | None:
    """None when its pods run every digest that they should."""
    missing = [
        f"{name} {short_digest(digest)}"
        for name, digest in sorted(each.expected.items())
        if not state.runs(digest)
    ]
    if not missing:
        return None
    says = f"{what} does not run {', '.join(missing)} in {reading.environment}"
    if reading.merged is None:
        says += ", which has moved on; close this pull request, and what runs there is offered next"
    return _Trouble(outcome=Outcome.BLOCK, says=says, takes_time=True)


def _unclear(says: str) -> _Trouble:
    return _Trouble(outcome=Outcome.UNKNOWN, says=says)


def _because(message: str) -> str:
    """Argo CD's own words, which hold what a cluster says: as code, where nothing is acted on (attack case 92)."""
    return f" ({code(truncate(message, _SAID, '…'))})" if message else ""


def _lasts(gate: StabilityGate, what: str, state: ApplicationState, now: datetime) -> Finding:
    """Since the last change of anything: health, a sync, a deployment."""
    if not gate.min_duration:
        return Finding(outcome=Outcome.PASS, says=f"{what} is Synced and Healthy")
    if state.health_since is None:
        why = "this Argo CD does not tell when the health last changed (version 3 does)"
        return unread(f"{what}: since when it is Healthy", Unknown(why=why))
    changes = [state.health_since, *(each.deployed_at for each in state.history[-1:])]
    if state.operation and state.operation.finished_at:
        changes.append(state.operation.finished_at)
    return lasting(what, max(changes), gate.min_duration, now, source="Argo CD")


def _told(trouble: _Trouble, merged: datetime | Unknown | None, timeout: timedelta, now: datetime) -> Finding:
    """What may take its time is waited for until `timeout` after the merge; every wait has a next look."""
    if trouble.takes_time and isinstance(merged, datetime) and now < merged + timeout:
        until = merged + timeout
        says = f"{trouble.says}; after the merge it has time until {moment(until)}"
        return Finding(outcome=Outcome.WAIT, says=says, changes_at=min(until, now + LOOK_AGAIN))
    again = now + LOOK_AGAIN if trouble.outcome is Outcome.WAIT else None
    return Finding(outcome=trouble.outcome, says=trouble.says, changes_at=again)


def _evidence(gate: StabilityGate, each: ApplicationReading, state: ApplicationState) -> Evidence:
    named = {f"{name} {short_digest(digest)}": digest for name, digest in sorted(each.expected.items())}
    running = [name for name, digest in named.items() if state.runs(digest)]
    needed = "Synced, Healthy" + (f" for {length(gate.min_duration)}" if gate.min_duration else "")
    return Evidence(
        measured=", ".join([plain(state.sync, 40), plain(state.health, 40) + _since(state), *running]),
        needed=", ".join([needed, *named]),
        source=f"Argo CD, {each.application}",
        url=state.url,
        at=state.at,
    )


def _since(state: ApplicationState) -> str:
    return f" since {moment(state.health_since)}" if state.health_since else ""
