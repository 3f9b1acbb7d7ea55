"""Component tags to and from the database's JSON."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from bot.model.image import ComponentTag


def to_json(components: Mapping[str, ComponentTag]) -> Jsonb:
    """`{"api": {"tag", "sha", "digest"}}`, as in `component-tags.json`."""
    return Jsonb(
        {name: {"tag": it.tag, "sha": it.sha, "digest": it.digest} for name, it in sorted(components.items())}
    )


def from_json(value: Mapping[str, Mapping[str, str]]) -> dict[str, ComponentTag]:
    """The inverse of `to_json`, in the order of names (jsonb orders keys by length)."""
    return {name: ComponentTag(**value[name]) for name in sorted(value)}
