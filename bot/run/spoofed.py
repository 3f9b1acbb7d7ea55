"""Checks under Lockstep's names that somebody else posted: one ledger row for each head (attack case 73)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.decide import names
from bot.decide.pull import PullFacts, spoofed_checks
from bot.model.delivery import StoredDelivery
from bot.model.facts import Actor
from bot.model.subject import Subject
from bot.run.house import House, is_news, note, whole


@whole
def note_spoofed(
    house: House, subject: Subject, facts: PullFacts, deliveries: Sequence[StoredDelivery]
) -> None:
    """Writes down who posted what, as far as GitHub's events tell; the checks themselves count for nothing."""
    found = spoofed_checks(facts)
    pull = facts.snapshot.pull
    listed = sorted(
        {
            f"{each.name} by {'a commit status' if each.app_id is None else f'App {each.app_id}'}"
            for each in found
        }
    )
    if not is_news(house, subject, "spoofed", f"{pull.head_sha}: {', '.join(listed)}" if listed else ""):
        return
    poster = _poster(deliveries, pull.base_ref)
    note(
        house,
        subject,
        "spoofed_check",
        "refused",
        f"somebody else posted {', '.join(listed)}",
        pull_number=pull.number,
        head_sha=pull.head_sha,
        actor_id=poster.id if poster else None,
        actor_login=poster.login if poster else None,
    )


def _poster(deliveries: Sequence[StoredDelivery], base_ref: str) -> Actor | None:
    """The sender of the event about such a check, when this look was woken by it."""
    for delivery in deliveries:
        if delivery.event not in ("check_run", "status"):
            continue
        payload = json.loads(delivery.payload)
        name = (payload.get("check_run") or {}).get("name") or payload.get("context") or ""
        sender = payload.get("sender") or {}
        if names.is_ours(str(name), base_ref) and sender.get("id"):
            return Actor(id=int(sender["id"]), login=str(sender.get("login") or ""))
    return None
