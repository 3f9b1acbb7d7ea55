"""What became of everybody's yes: kept before anything rests on it, and a ledger row each for what counts and what not.

A row carries the numeric id of who said it and, where the look was set off by it, the delivery that told of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.decide.approvals import Evaluation, Kind
from bot.decide.pull import PullFacts
from bot.model.delivery import StoredDelivery
from bot.model.ports_store import wake
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.run.house import House, is_news, note, whole

AGAIN = timedelta(minutes=5)
"""When to look again at what could not be verified."""


@whole
def remember(
    house: House,
    subject: Subject,
    facts: PullFacts,
    found: Evaluation | None,
    deliveries: Sequence[StoredDelivery] = (),
) -> None:
    """Keeps what each new yes was given to, before anything rests on it, and says in the ledger what came and went."""
    if found is None:
        return
    snapshot, told = facts.snapshot, _told_of(deliveries)
    where = {"pull_number": snapshot.pull.number, "head_sha": snapshot.pull.head_sha}
    house.store.approvals.keep(found.fresh)
    for record in found.fresh:
        why = f"{record.via.value} {record.source_id} of {record.person_login} is to {record.identity.key}"
        note(
            house, subject, "approval", "done", why,
            pull_number=snapshot.pull.number, head_sha=record.head_sha,
            delivery_id=told.get(record.person_id), actor_id=record.person_id, actor_login=record.person_login,
        )  # fmt: skip
    _not_counted(house, subject, snapshot, found, told)
    _tampered(house, subject, snapshot, found)
    why = " ".join(dict.fromkeys(each.why for each in found.voided))
    if is_news(house, subject, "approvals void", why):
        note(house, subject, "approval_void", "refused", why, **where)
    unsure = "; ".join(dict.fromkeys(found.unverified))
    if is_news(house, subject, "approvals unverified", unsure):
        note(house, subject, "approval_unverified", "refused", unsure, **where)
    if found.unverified:
        wake(house.store, subject, house.clock() + AGAIN)


def _not_counted(
    house: House, subject: Subject, snapshot: PullSnapshot, found: Evaluation, told: Mapping[int, str]
) -> None:
    """One row each for whose yes counts for nothing: own work (case 53), no permission or role (59), a bot (63)."""
    pull = snapshot.pull
    for out in found.excluded:
        event = out.kind.value if out.kind is Kind.SELF else "approval_not_counted"
        if is_news(house, subject, f"no voice of {out.person.id}", f"{pull.head_sha} {out.why}"):
            note(
                house, subject, event, "refused", out.why,
                pull_number=pull.number, head_sha=pull.head_sha, delivery_id=told.get(out.person.id),
                actor_id=out.person.id, actor_login=out.person.login, details={"because": out.kind.value},
            )  # fmt: skip


def _tampered(house: House, subject: Subject, snapshot: PullSnapshot, found: Evaluation) -> None:
    """One row each for whose approval somebody else edited, with the editor (case 64)."""
    pull = snapshot.pull
    for author, editor in found.tampered:
        if is_news(house, subject, f"tamper of {author.id}", f"{pull.head_sha} {editor.id}"):
            why = f"{editor.login} ({editor.id}) edited the `/approve` of {author.login} ({author.id})"
            note(
                house, subject, "tamper", "refused", why,
                pull_number=pull.number, head_sha=pull.head_sha, actor_id=editor.id, actor_login=editor.login,
            )  # fmt: skip


def _told_of(deliveries: Sequence[StoredDelivery]) -> Mapping[int, str]:
    """By person's id: the newest delivery of this look that told of a review or comment of theirs."""
    found: dict[int, str] = {}
    for each in deliveries:
        if each.event in ("pull_request_review", "issue_comment"):
            sender = json.loads(each.payload).get("sender")
            if isinstance(sender, dict) and isinstance(sender.get("id"), int):
                found[sender["id"]] = each.id
    return found
