"""JSON objects with one meaning: a key that stands twice is refused, for two readers would see two objects (case 35).

`json` calls `once` for each object: `json.loads(data, object_pairs_hook=once)`. (`decide.component_tags` keeps the
pairs instead, because it names the path of the doubled key.)
"""

from __future__ import annotations

from typing import Any


class Twice(ValueError):
    """A key stands twice in one object."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs. Raises Twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Twice("a key stands twice")
    return found
