"""Who fills which seat? One person takes one seat; if everybody can sit, an assignment is found (row P3).

Augmenting paths (H. W. Kuhn, 1955): with a handful of seats, instant. The order of seats and people decides among
equally good assignments, so the answer is the same each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def assign(seats: int, candidates: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Seat to person for as many of the seats `0 … seats-1` as possible; `candidates`: person to seats, by id.

    A seat once taken stays taken while others are seated, so what is missing are the later ones.
    """
    willing: dict[int, list[int]] = {seat: [] for seat in range(seats)}
    for person in candidates:
        for seat in candidates[person]:
            willing[seat].append(person)
    seat_of: dict[int, int] = {}
    for seat in range(seats):
        _seat(seat, willing, seat_of, set())
    return {seat: person for person, seat in sorted(seat_of.items(), key=lambda item: item[1])}


def _seat(seat: int, willing: Mapping[int, Sequence[int]], seat_of: dict[int, int], tried: set[int]) -> bool:
    """Seats somebody, who may move up another; every person is asked once. Depth: at most the number of seats."""
    for person in willing[seat]:
        if person in tried:
            continue
        tried.add(person)
        if person not in seat_of or _seat(seat_of[person], willing, seat_of, tried):
            seat_of[person] = seat
            return True
    return False
