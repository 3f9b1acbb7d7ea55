"""The confirmation of a hotfix: `/sync` before its merge, kept with exactly the digests that it was said of (R7)."""

from __future__ import annotations

from datetime import datetime

from bot.model.facts import Actor
from bot.model.hotfix import Confirmation
from bot.model.release import Promotion
from bot.model.subject import Subject
from bot.run.house import House, note, whole


@whole
def confirm(
    house: House, subject: Subject, promotion: Promotion, by: Actor, *, head_sha: str, delivery_id: str | None
) -> None:
    """Keeps it: the ledger's row first. Another digest needs another one; a rebase does not."""
    why = f"{by.login} confirms the hotfix to {promotion.environment}"
    note(
        house, subject, "hotfix_confirmed", "done", why,
        pull_number=promotion.pull_number, head_sha=head_sha, delivery_id=delivery_id,
        actor_id=by.id, actor_login=by.login,
        details={"environment": promotion.environment, "components": sorted(promotion.components)},
    )  # fmt: skip
    value = {
        "by": by.id,
        "login": by.login,
        "at": house.clock().isoformat(),
        "digests": {name: tag.digest for name, tag in promotion.components.items()},
    }
    house.store.marks.put(_key(promotion.config_repository_id, promotion.pull_number), value)


def last(house: House, repository_id: int, number: int) -> Confirmation | None:
    """The last one that was said on a pull request; whether it still counts is decided."""
    kept = house.store.marks.get(_key(repository_id, number))
    if not kept:
        return None
    return Confirmation(
        by=Actor(id=kept["by"], login=kept["login"]),
        at=datetime.fromisoformat(kept["at"]),
        digests=kept["digests"],
    )


def _key(repository_id: int, number: int) -> str:
    return f"confirmed:{repository_id}:{number}"
