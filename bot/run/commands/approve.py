"""`/approve` and `/approve cancel`: kept with the head that its author saw, then answered (attack case 56)."""

from __future__ import annotations

from datetime import UTC

from bot.decide import commands as grammar
from bot.decide.approvals import answer_approve
from bot.decide.pull import PullDecision
from bot.model.approval_facts import ApproveComment, Cancellation
from bot.run import approvals
from bot.run.commands.asked import Answer, Asked

NOTHING = "There is nothing to approve here: this is no open promotion of Lockstep's."


def approve(asked: Asked[grammar.Approve]) -> Answer:
    """Keeps the word with the head that its author saw; refused when that cannot be the one of now (attack case 56)."""
    look, pull = asked.look, asked.look.snapshot.pull
    if not look.is_open_promotion:
        return NOTHING
    if asked.saw is None or asked.written_at is None:
        return _head_moved(asked)
    given = ApproveComment(
        comment_id=asked.source_id,
        author=asked.by,
        head_sha=pull.head_sha,
        created_at=asked.written_at,
    )
    look.house.store.approvals.said(look.snapshot.repository.id, pull.number, given)

    def answer(decision: PullDecision) -> str:
        if decision.approvals is None:
            return "Noted; nobody's approval is demanded here."
        return answer_approve(decision.approvals, asked.by, asked.source_id)

    return answer


def cancel(asked: Asked[grammar.CancelApproval]) -> Answer:
    """Takes the person's own approval back."""
    look, pull = asked.look, asked.look.snapshot.pull
    if not look.is_open_promotion:
        return NOTHING
    word = Cancellation(comment_id=asked.source_id, author=asked.by, created_at=asked.written_at or asked.at)
    look.house.store.approvals.said(look.snapshot.repository.id, pull.number, word)

    def answer(decision: PullDecision) -> str:
        if decision.approvals is None:
            return "Noted; nobody's approval is demanded here."
        return f"Your approval is taken back. {decision.approvals.verdict.headline}."

    return answer


def _head_moved(asked: Asked[grammar.Approve]) -> str:
    look, pull = asked.look, asked.look.snapshot.pull
    changed = approvals.changed_at(look.house, look.snapshot)
    why = (
        f"Head moved: this pull request last changed at {changed.astimezone(UTC):%H:%M:%S} UTC, and your approval "
        f"is not from after that. Look at {pull.head_sha[:7]} and approve again."
    )
    asked.note("stale_approval", "refused", why)
    return why
