"""How the gate stands by everything on record now."""

from __future__ import annotations

from bot.decide.validation.standing import Standing, standing
from bot.run.validation.place import Place


def stands_now(place: Place) -> Standing:
    """From all judged runs, overrides, and what people decided on incidents."""
    store, config = place.house.store.validations, place.config.id
    return standing(store.of(config), store.overrides(config), store.incidents(config), place.house.clock())
