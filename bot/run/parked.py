"""A pull request whose evaluation fails shows a failure, never an old success (attack cases 19, 74)."""

from __future__ import annotations

import logging

from bot.decide.checks import changes
from bot.decide.names import summary_check
from bot.decide.text import defang
from bot.errors import LockstepError
from bot.model.action import CheckRun, CommentOnCommit, SetCheck
from bot.model.facts import PullState
from bot.model.subject import Kind, Subject
from bot.run.acts import Cause, carry_out
from bot.run.house import House

log = logging.getLogger(__name__)

TITLE = "Could not be evaluated; nothing is merged"


def show_failed(house: House, subject: Subject, why: str, following: str) -> None:
    """Posts the failure when GitHub answers; when it does not, the next look says the same. Never raises for what a
    look may raise: whatever broke the look may break this too, so there is a second way that reads next to nothing."""
    if subject.kind is not Kind.PULL:
        return
    summary = f"Lockstep could not tell whether this may be merged: {defang(why, 1000)}\n\n{following}"
    for way in (_by_look, _by_record):
        try:
            way(house, subject, summary)
            return
        except LockstepError as error:
            log.warning("the failure of %s cannot be shown: %s", subject, error)
        except Exception:
            log.exception("the failure of %s cannot be shown", subject)


def _by_look(house: House, subject: Subject, summary: str) -> None:
    snapshot = house.github(subject.installation_id).pull(subject.repository, subject.number, files=())
    if snapshot is None or snapshot.pull.state is not PullState.OPEN:
        return
    if snapshot.pull.base_ref != snapshot.repository.default_branch:
        return
    check = _check(snapshot.pull.base_ref, snapshot.pull.head_sha, summary)
    shown: tuple[SetCheck, ...] = changes([check], snapshot.own_checks, "the evaluation failed")
    carry_out(house, Cause(subject=subject), snapshot.repository, shown)


def _by_record(house: House, subject: Subject, summary: str) -> None:
    """By the record of the promotion alone: its head, and the repository as it was known last."""
    promotion = house.store.promotions.by_pull(subject.repository, subject.number)
    repository = house.store.repositories.within(subject.installation_id, subject.repository)
    if promotion is None or repository is None:
        return
    check = _check(repository.default_branch, promotion.head_sha, summary)
    telling = CommentOnCommit(because="the evaluation failed", repository=repository.full_name, check=check)
    carry_out(house, Cause(subject=subject), repository, [telling])


def _check(base_ref: str, head_sha: str, summary: str) -> CheckRun:
    return CheckRun(
        name=summary_check(base_ref),
        head_sha=head_sha,
        status="completed",
        conclusion="failure",
        title=TITLE,
        summary=summary,
    )
