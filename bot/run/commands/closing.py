"""Closing a rollback without a merge lifts its veto and its hold, so it needs what lifting them needs (case 71, B3)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.model.delivery import StoredDelivery
from bot.model.door import Door
from bot.model.facts import PullState
from bot.model.release import PromotionKind
from bot.run.commands.asked import Look
from bot.run.commands.permit import permitted_at
from bot.run.commands.spoken import actor_of
from bot.run.rollback import Closing
from bot.run.where import Place


def closed_by(look: Look, deliveries: Sequence[StoredDelivery]) -> Closing | None:
    """Who closed it, and whether they may roll back there; None when it is no rollback that was closed, or nothing has
    told who it was: then nothing is lifted."""
    promotion, snapshot = look.promotion, look.snapshot
    goes_back = promotion is not None and promotion.kind is PromotionKind.ROLLBACK
    if promotion is None or not goes_back or snapshot.pull.state is not PullState.CLOSED:
        return None
    closed = [each for each in deliveries if (each.event, each.action) == ("pull_request", "closed")]
    if not closed:
        return None
    by = actor_of(json.loads(closed[-1].payload).get("sender"))
    if by is None:
        return None
    if by.id == look.github.bot_id:
        return Closing(by=by, may=True)
    if look.policy is None:
        return Closing(by=by, may=False, why="the rules file is invalid")
    place = Place(installation_id=look.subject.installation_id, repository=snapshot.repository)
    environment, told = promotion.environment, closed[-1].id
    permit = permitted_at(look.house, place, look.policy, "rollback", environment, by, Door.CLOSING, told)
    return Closing(by=by, may=permit.allowed, why=permit.reason)
