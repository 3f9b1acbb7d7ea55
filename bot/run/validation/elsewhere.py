"""`/override validation` on a pull request of a blocked repository, where the check run stands (contract: Commands).

The pull request's look only hands the comment over, as a mark; the validation's look obeys it like one on the incident,
so that one subject alone decides. Other commands there are nobody's, or another App's: they are not answered.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.decide import commands as grammar
from bot.decide.validation.overriding import GATE
from bot.model.delivery import StoredDelivery
from bot.model.facts import Repository
from bot.model.ports_store import wake
from bot.model.subject import Subject, validation
from bot.run.house import House
from bot.run.validation.concerned import blocking
from bot.run.validation.place import Place


def ours(command: grammar.Command) -> bool:
    """Whether a command of a comment elsewhere is meant for the validation's gate: it must name it."""
    if isinstance(command, grammar.Override | grammar.CancelOverride):
        return command.gate == GATE
    return (
        isinstance(command, grammar.Malformed) and command.name == "override" and GATE in command.raw.lower()
    )


def hand_over(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> int:
    """Comments on this pull request with a command of ours, for whoever blocks its repository; how many."""
    said = [each for each in deliveries if (each.event, each.action) == ("issue_comment", "created")]
    payloads = [(each, json.loads(each.payload)) for each in said]
    meant = [(each, payload) for each, payload in payloads if any(map(ours, _commands(payload)))]
    found = house.store.repositories.find(subject.repository) if meant else None
    if found is None:
        return 0
    for config in blocking(house, subject.installation_id, found.full_name):
        for delivery, payload in meant:
            kept = {
                "repository": found.full_name,
                "delivery": delivery.id,
                "issue": {"number": payload["issue"]["number"]},
                "comment": {name: payload["comment"].get(name) for name in ("id", "node_id", "user", "body")},
            }
            house.store.marks.put(f"{_prefix(config)}{payload['comment'].get('id')}", kept)
        wake(house.store, validation(subject.installation_id, config))
    return len(meant)


def handed_over(place: Place) -> Iterator[tuple[Repository, str, Mapping[str, Any]]]:
    """Where, by which delivery and what was said; each is forgotten once its turn is over."""
    for key, kept in place.house.store.marks.under(_prefix(place.config.id)).items():
        repository = place.named(kept["repository"])
        if repository is not None and repository.full_name.lower() in {
            each.lower() for each in place.rules.blocks
        }:
            yield repository, kept["delivery"], kept
        place.house.store.marks.drop(key)


def _prefix(config: int) -> str:
    return f"validation said:{config}:"


def _commands(payload: Mapping[str, Any]) -> list[grammar.Command]:
    return list(grammar.parse(str((payload.get("comment") or {}).get("body") or "")))
