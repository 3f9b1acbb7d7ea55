"""After a rollback's pull request has ended: on record, told, and the clock stopped when the environment is well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.decide import story
from bot.decide.rollback import incident
from bot.decide.text import code
from bot.model.facts import Actor, PullState, Repository
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion
from bot.model.rollback import GOAL, LANDED, RollbackRecord, RollbackState
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject, environment
from bot.run import issues
from bot.run.acts import Cause, carry_out
from bot.run.house import House, note, whole
from bot.run.rollback.asking import tell_incident
from bot.run.rollback.keeping import let_go


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Who closed a rollback without a merge, and whether what it vetoed and held may go with it; `why` not."""

    by: Actor
    may: bool
    why: str = ""


def landed(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: PullSnapshot,
    promotion: Promotion,
    closing: Closing | None = None,
) -> None:
    """Its pull request was merged or closed: keeps that, once, writes the incident down, and lets go of what it held
    when nothing went back, and whoever closed it may say so. Asking again mends what a crash left out."""
    number, seen = snapshot.pull.number, snapshot.pull
    record = house.store.rollbacks.by_pull(snapshot.repository.id, number)
    if record is None:
        return
    by = seen.merged_by or record.ask.by or Actor(id=github.bot_id, login="lockstep")
    if seen.state is PullState.MERGED:
        if record.state is RollbackState.OPEN:
            _merged(house, subject, record, snapshot, by)
        issue = _write_down(house, subject, snapshot.repository, seen.number)
        if issue is not None:
            line = f"Merged. The incident is told in #{issue}; how long it takes to be healthy again is told here."
            telling = story.told(seen, snapshot.comments, [line], "a rollback tells where its incident is")
            carry_out(house, Cause(subject=subject), snapshot.repository, telling)
        return
    if record.state is RollbackState.OPEN:
        _closed(house, subject, record, number, closing)
        wake(house.store, environment(subject.installation_id, snapshot.repository.id, promotion.environment))
    if record.state not in (RollbackState.OPEN, RollbackState.CLOSED) or closing is None:
        return
    if closing.may:
        let_go(house, subject, record, number, closing.by, github.bot_id)
        wake(house.store, environment(subject.installation_id, snapshot.repository.id, promotion.environment))
        return
    line = (
        f"{code(closing.by.login)} closed it, who may not roll {promotion.environment} back ({closing.why}): the veto "
        f"and the hold stay until somebody who may says `/veto lift` and `/unhold {promotion.environment}`."
    )
    telling = story.told(seen, snapshot.comments, [line], "a closed rollback tells what stays")
    carry_out(house, Cause(subject=subject), snapshot.repository, telling)


@whole
def _closed(
    house: House, subject: Subject, record: RollbackRecord, number: int, closing: Closing | None
) -> None:
    why = "closed without a merge: nothing was rolled back"
    by = closing.by if closing else None
    note(
        house, subject, "rollback_closed", "done", why,
        pull_number=number, actor_id=by.id if by else None, actor_login=by.login if by else None,
        details={"rollback": record.id, "environment": record.ask.environment},
    )  # fmt: skip
    house.store.rollbacks.settled(record.id, RollbackState.CLOSED, why)
    tell_incident(house, record.ask)


@whole
def _merged(
    house: House, subject: Subject, record: RollbackRecord, snapshot: PullSnapshot, by: Actor
) -> None:
    at = snapshot.pull.merged_at or house.clock()
    note(
        house, subject, "rollback_merged", "done", f"{record.answer}; the clock runs since {at:%H:%M:%S} UTC",
        pull_number=record.pull_number, head_sha=snapshot.pull.merge_sha, actor_id=by.id, actor_login=by.login,
        details={
            "rollback": record.id, "environment": record.ask.environment, "undoes": record.undoes or "",
        },
        once=f"rollback_merged {record.id}",
    )  # fmt: skip
    house.store.rollbacks.merged(record.id, at)
    tell_incident(house, record.ask)


def _write_down(house: House, subject: Subject, repository: Repository, pull_number: int) -> int | None:
    """The incident's issue, brought up to what is on record; its number, None while there is none."""
    record = house.store.rollbacks.by_pull(repository.id, pull_number)
    if record is None or record.state not in LANDED:
        return None
    deployments = house.store.deployments
    undone = deployments.by_pull(repository.id, record.undoes) if record.undoes is not None else None
    wanted = incident.issue(record, undone, deployments.by_pull(repository.id, pull_number))
    number = issues.keep(house, subject, repository, wanted)
    if number is not None and record.incident is None:
        with house.store.together():
            note(
                house, subject, "incident", "done", wanted.title,
                pull_number=pull_number,
                details={"rollback": record.id, "issue": number, "environment": record.ask.environment},
                once=f"incident {record.id}",
            )  # fmt: skip
            house.store.rollbacks.tell(record.id, number)
    return number


def healthy(house: House, subject: Subject, pull_number: int, at: datetime) -> None:
    """Verification has proven the environment on what it went back to: stops the clock (goal: `rollback.GOAL`).

    `subject` is any subject of the config repository. For a pull request that is no rollback nothing happens; twice is
    quiet.
    """
    _ended(house, subject, pull_number, RollbackState.HEALTHY, at)


def unwatched(house: House, subject: Subject, pull_number: int, at: datetime) -> None:
    """The rules name nothing to watch in its environment: it has ended with its merge, and nothing is claimed of it."""
    _ended(house, subject, pull_number, RollbackState.UNWATCHED, at)


def not_healthy(house: House, subject: Subject, pull_number: int, at: datetime, why: str) -> None:
    """The environment did not become healthy after the rollback. Nothing follows by itself: people decide."""
    _ended(house, subject, pull_number, RollbackState.FAILED, at, why)


def _ended(
    house: House, subject: Subject, pull_number: int, state: RollbackState, at: datetime, trouble: str = ""
) -> None:
    record = house.store.rollbacks.by_pull(subject.repository, pull_number)
    if record is None or record.state not in LANDED:
        return
    watched = state is not RollbackState.UNWATCHED
    seconds = (at - record.merged_at).total_seconds() if record.merged_at and watched else None
    said = incident.ended(at, seconds, trouble) if watched else incident.unwatched(at, record.ask.environment)
    if record.state is not state:
        with house.store.together():
            note(
                house, subject, "rollback_ended", _DECISIONS[state], said,
                pull_number=pull_number, details=_clock(record, seconds),
                once=f"rollback_ended {record.id} {state.value}",
            )  # fmt: skip
            house.store.rollbacks.ended(record.id, state, at)
            tell_incident(house, record.ask)
    # What was told before is not told again; what a crash or a rate limit left out is.
    _tell(house, subject, record, pull_number, said)
    repository = house.store.repositories.find(subject.repository)
    if repository is not None:
        _write_down(house, subject, repository, pull_number)


_DECISIONS = {
    RollbackState.HEALTHY: "done",
    RollbackState.FAILED: "failed",
    RollbackState.UNWATCHED: "skipped",
}


def _clock(record: RollbackRecord, seconds: float | None) -> dict[str, object]:
    """The clock's reading, for whoever counts: seconds from the revert's merge, and the goal."""
    return {
        "rollback": record.id,
        "environment": record.ask.environment,
        "components": ", ".join(sorted(record.after)),
        "trigger": record.ask.trigger,
        "seconds": "" if seconds is None else f"{seconds:.0f}",
        "goal_seconds": f"{GOAL.total_seconds():.0f}",
    }


def _tell(house: House, subject: Subject, record: RollbackRecord, number: int, said: str) -> None:
    """On the pull request, and on the incident's issue."""
    seen = house.github(subject.installation_id).pull(subject.repository, number, files=())
    if seen is None:
        return
    actions = story.told(seen.pull, seen.comments, [said], "how the rollback ended")
    carry_out(house, Cause(subject=subject), seen.repository, actions)
    issues.tell(house, subject, seen.repository, incident.key(record), said, "how the rollback ended")
