"""How the gate stands by everything on record now."""

from __future__ import annotations

from bot.decide.validation.standing import Standing, standing
from bot.run.validation.place import Place


def stands_now(place: Place) -> Standing:
    """From all judged runs, overrides, and what people decided on incidents."""
    store = place.house.store.validations
    settled = {
        each.deployment
        for each in store.incidents(place.config.id)
        if each.decided is not None or each.false_positive
    }
    found = store.of(place.config.id)
    return standing(found, store.overrides(place.config.id), settled, place.house.clock())
