"""`/approve` and `/approve cancel`: kept with the head that its author saw, then answered (attack case 56)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from bot.decide import commands as grammar
from bot.decide.approvals import Evaluation, answer_approve
from bot.model.approval_facts import ApproveComment, Cancellation
from bot.model.facts import PullState
from bot.model.release import Promotion
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.run import approvals
from bot.run.heard import Heard
from bot.run.house import House, note


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An `/approve` or its cancellation that was kept; the answer is what the evaluation makes of it."""

    cancels: bool


def approve(
    house: House,
    subject: Subject,
    snapshot: PullSnapshot,
    promotion: Promotion | None,
    comment: Heard,
    command: grammar.Command,
) -> str | Said:
    """Keeps the word with the head that its author saw; refused when that cannot be the one of now (attack case 56)."""
    pull = snapshot.pull
    if promotion is None or pull.state is not PullState.OPEN:
        return "There is nothing to approve here: this is no open promotion of Lockstep's."
    written = comment.created_at
    if isinstance(command, grammar.CancelApproval):
        word = Cancellation(
            comment_id=comment.comment_id, author=comment.author, created_at=written or comment.at
        )
        house.store.approvals.said(snapshot.repository.id, pull.number, word)
        return Said(cancels=True)
    changed = approvals.changed_at(house, snapshot)
    if written is None or written <= changed:
        why = (
            f"Head moved: this pull request last changed at {changed.astimezone(UTC):%H:%M:%S} UTC, and your approval "
            f"is not from after that. Look at {pull.head_sha[:7]} and approve again."
        )
        note(
            house, subject, "approval_void", "refused", why,
            pull_number=pull.number, head_sha=pull.head_sha, delivery_id=comment.delivery_id,
            actor_id=comment.author.id, actor_login=comment.author.login,
        )  # fmt: skip
        return why
    given = ApproveComment(
        comment_id=comment.comment_id,
        author=comment.author,
        head_sha=pull.head_sha,
        created_at=written,
    )
    house.store.approvals.said(snapshot.repository.id, pull.number, given)
    return Said(cancels=False)


def sentence(said: Said, found: Evaluation | None, comment: Heard) -> str:
    """What became of an approval, in a sentence or two."""
    if found is None:
        return "Noted; nobody's approval is demanded here."
    if said.cancels:
        return f"Your approval is taken back. {found.verdict.headline}."
    return answer_approve(found, comment.author, comment.comment_id)
