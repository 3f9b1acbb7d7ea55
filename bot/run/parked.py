"""A pull request whose evaluation was given up shows a failure, never an old success (attack cases 19, 74)."""

from __future__ import annotations

import logging

from bot.decide.names import summary_check
from bot.errors import LockstepError
from bot.model.action import CheckRun, SetCheck
from bot.model.subject import Kind, Subject
from bot.run.acts import Cause, carry_out
from bot.run.house import House

log = logging.getLogger(__name__)


def show_parked(house: House, subject: Subject, why: str) -> None:
    """Posts the failure when GitHub answers; when it does not, the next look says the same."""
    if subject.kind is not Kind.PULL:
        return
    try:
        snapshot = house.github(subject.installation_id).pull(subject.repository, subject.number, files=())
        if snapshot is None:
            return
        check = CheckRun(
            name=summary_check(snapshot.pull.base_ref),
            head_sha=snapshot.pull.head_sha,
            status="completed",
            conclusion="failure",
            title="Could not be evaluated; nothing is merged"[:250],
            summary=f"Lockstep gave up for now: {why}\n\nThe next event or the sweep tries again.",
        )
        carry_out(
            house,
            Cause(subject=subject),
            snapshot.repository,
            [SetCheck(because="the evaluation was given up", check=check)],
        )
    except LockstepError as error:
        log.warning("the failure of %s cannot be shown either: %s", subject, error)
