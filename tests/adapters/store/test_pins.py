"""Pins: which repository a source's name stands for (attack case 25)."""

from __future__ import annotations

from bot.adapters.store import Store


def test_a_name_is_pinned_once_whatever_its_case(store: Store) -> None:
    assert store.pins.pin(9, "Splattop/App", 5) == 5
    assert store.pins.pin(9, "splattop/app", 6) == 5
    assert store.pins.of([9]) == {9: {"splattop/app": 5}}


def test_a_name_is_pinned_anew_when_the_rules_say_so(store: Store) -> None:
    store.pins.pin(9, "splattop/app", 5)
    assert store.pins.pin(9, "splattop/APP", 6, anew=True) == 6
    assert store.pins.of([9]) == {9: {"splattop/app": 6}}


def test_each_config_repository_has_its_own_pins(store: Store) -> None:
    store.pins.pin(9, "splattop/app", 5)
    store.pins.pin(10, "splattop/app", 6)
    assert store.pins.of([9, 10, 11]) == {9: {"splattop/app": 5}, 10: {"splattop/app": 6}, 11: {}}
