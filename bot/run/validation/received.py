"""Alerts that workflows sent (row C8): the run is read again, and what it says of itself is believed if it is bad."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.decide.validation import not_counted
from bot.decide.validation.alert import Sent
from bot.model.delivery import StoredDelivery
from bot.model.validation import Flow, RunClaims
from bot.run.validation.place import Place
from bot.run.validation.runs import alerted

EVENT = "production_validation"


def payload(sent: Sent, claims: RunClaims | None) -> dict[str, Any]:
    """What is stored of an alert that was let in; `attempt` is None where no token told it."""
    return {
        "run_id": sent.run_id,
        "attempt": claims.attempt if claims is not None else None,
        "deployment": sent.deployment,
        "failed": [{"name": each.name, "code": each.exit_code, "error": each.error} for each in sent.failed],
        "door": "oidc" if claims is not None else "token",
    }


def take_in(place: Place, deliveries: Sequence[StoredDelivery]) -> None:
    """Each alert, with a ledger row that says what came of it."""
    for delivery in deliveries:
        if delivery.event == EVENT:
            given = json.loads(delivery.payload)
            decision, why = _taken(place, given)
            details = {"run_id": given["run_id"], "door": given["door"]}
            place.note(
                "alert_received",
                decision,
                why,
                details,
                delivery_id=delivery.id,
                once=f"alert_received {delivery.id}",
            )


def _taken(place: Place, given: Mapping[str, Any]) -> tuple[str, str]:
    repository = place.named(place.rules.repository)
    run = place.github.run(repository.full_name, given["run_id"]) if repository is not None else None
    if repository is None or run is None:
        return "refused", f"{place.rules.repository} has no run {given['run_id']}"
    why_not = not_counted(run, repository.id, place.rules)
    if why_not is not None:
        return "refused", f"run {run.id} does not count: {why_not}"
    if given["attempt"] not in (None, run.attempt):
        return "skipped", f"run {run.id} was run again since"
    failed = tuple(
        Flow(name=each["name"], exit_code=each["code"], error=each["error"]) for each in given["failed"]
    )
    return "done", alerted(place, run, given["deployment"], failed)
