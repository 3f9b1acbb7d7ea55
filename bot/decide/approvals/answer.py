"""The one answer to an `/approve`: does it count, for what, and if not, why (attack cases 53, 56)?"""

from __future__ import annotations

from bot.decide.approvals.evaluate import Evaluation
from bot.model.approval_facts import Via
from bot.model.facts import Actor


def answer_approve(found: Evaluation, author: Actor, comment_id: int) -> str:
    """A sentence or two for the author of the comment, after the evaluation that has read it."""
    for out in found.excluded:
        if out.person.id == author.id:
            return f"Your approval does not count: {out.why}"
    for void in found.voided:
        if (void.via, void.source_id) == (Via.COMMENT, comment_id):
            return void.why
    for counted in found.counting:
        if counted.yes.person.id == author.id:
            return f"Your approval counts: {', '.join(counted.what)}. {found.verdict.headline}."
    return f"Your approval is noted. {found.verdict.headline}."
