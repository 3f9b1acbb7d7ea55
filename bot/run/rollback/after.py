"""After a rollback's pull request has ended: on record, told, and the clock stopped when the environment is well."""

from __future__ import annotations

from datetime import datetime

from bot.model.facts import Actor, PullState
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion
from bot.model.rollback import GOAL, RollbackState
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject, environment
from bot.run.house import House, note
from bot.run.rollback.keeping import let_go


def landed(
    house: House, subject: Subject, github: GitHub, snapshot: PullSnapshot, promotion: Promotion
) -> None:
    """Its pull request was merged or closed: keeps that, once, and lets go of what it held when nothing went back."""
    number, seen = snapshot.pull.number, snapshot.pull
    record = house.store.rollbacks.by_pull(snapshot.repository.id, number)
    if record is None or record.state is not RollbackState.OPEN:
        return
    by = seen.merged_by or record.ask.by or Actor(id=github.bot_id, login="lockstep")
    if seen.state is PullState.MERGED:
        at = seen.merged_at or house.clock()
        house.store.rollbacks.merged(record.id, at)
        why = f"{record.answer}; the clock runs since {at:%H:%M:%S} UTC"
        note(
            house, subject, "rollback_merged", "done", why,
            pull_number=number, head_sha=seen.merge_sha, actor_id=by.id, actor_login=by.login,
            details={"rollback": record.id, "environment": promotion.environment},
        )  # fmt: skip
        return
    let_go(house, subject, record, number, by)
    why = "closed without a merge: nothing was rolled back"
    house.store.rollbacks.settled(record.id, RollbackState.CLOSED, why)
    note(
        house, subject, "rollback_closed", "done", why,
        pull_number=number, details={"rollback": record.id, "environment": promotion.environment},
    )  # fmt: skip
    wake(house.store, environment(subject.installation_id, snapshot.repository.id, promotion.environment))


def healthy(house: House, subject: Subject, pull_number: int, at: datetime) -> None:
    """Verification has proven the environment on what it went back to: stops the clock (goal: `GOAL`).

    `subject` names the config repository; for a pull request that is no rollback nothing happens. Twice is quiet.
    """
    _settled(house, subject, pull_number, RollbackState.HEALTHY, at, "")


def not_healthy(house: House, subject: Subject, pull_number: int, at: datetime, why: str) -> None:
    """The environment did not become healthy after the rollback. Nothing follows by itself: people decide."""
    _settled(house, subject, pull_number, RollbackState.FAILED, at, why)


def _settled(
    house: House, subject: Subject, pull_number: int, state: RollbackState, at: datetime, why: str
) -> None:
    record = house.store.rollbacks.by_pull(subject.repository, pull_number)
    if record is None or not house.store.rollbacks.ended(record.id, state, at):
        return
    took = at - record.merged_at if record.merged_at else None
    seconds = f"{took.total_seconds():.0f}" if took else ""
    if state is RollbackState.HEALTHY and took is not None:
        kept = "within" if took <= GOAL else "over"
        why = f"healthy {seconds} s after the merge, {kept} the goal of {GOAL.total_seconds():.0f} s"
    note(
        house, subject, "rollback_ended", "done" if state is RollbackState.HEALTHY else "failed", why,
        pull_number=pull_number, details={"rollback": record.id, "seconds": seconds},
    )  # fmt: skip
