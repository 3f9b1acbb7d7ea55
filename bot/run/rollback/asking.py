"""The one way in: a wish to go back is put on record once, and the environment is woken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.model.policy_after import Trigger
from bot.model.ports_store import wake
from bot.model.rollback import RollbackAsk
from bot.model.subject import environment, validation
from bot.run.house import House, note, whole


@whole
def ask(house: House, wish: RollbackAsk) -> int | None:
    """Records it and wakes the environment's look, which decides. Its id; None when the same was asked before."""
    subject = environment(wish.installation_id, wish.config_repository_id, wish.environment)
    found = house.store.rollbacks.ask(wish)
    by = wish.by
    note(
        house, subject, "rollback_asked", "done", wish.reason,
        delivery_id=wish.delivery_id, pull_number=wish.asked_on or None, head_sha=wish.head_sha,
        actor_id=by.id if by else None, actor_login=by.login if by else None,
        details={
            "rollback": found or "", "trigger": wish.trigger, "components": ", ".join(wish.components),
            "to": wish.to or "", "undoes": wish.undoes or "", "alert": wish.alert or "",
        },
        # A wish that is on record without its row, because a worker died in between, gets it when it is asked again.
        once=f"rollback_asked {wish.config_repository_id} {wish.environment} {wish.key}",
    )  # fmt: skip
    wake(house.store, subject)
    return found


def tell_incident(house: House, wish: RollbackAsk) -> None:
    """The incident on which it was decided is looked at: the rollback has come further, or to nothing."""
    if wish.of_incident:
        wake(house.store, validation(wish.installation_id, wish.config_repository_id))


def failed_deploy(
    house: House,
    *,
    installation_id: int,
    repository_id: int,
    environment: str,
    pull_number: int,
    trigger: Trigger,
    reason: str,
    findings: Sequence[str] = (),
    since: datetime | None = None,
) -> int | None:
    """A deployment was not proven: asks for the automatic rollback of its pull request (rows R9, P8).

    The environment's look holds it to the locks and rails of the rules; a closed one becomes a ledger row that names
    the lock, and nothing else happens. Once per pull request: calling it again is quiet.
    """
    return ask(
        house,
        RollbackAsk(
            installation_id=installation_id,
            config_repository_id=repository_id,
            environment=environment,
            key=f"deploy:{pull_number}",
            trigger=trigger.value,
            undoes=pull_number,
            reason=reason,
            findings=tuple(findings),
            since=since,
            asked_at=house.clock(),
        ),
    )
