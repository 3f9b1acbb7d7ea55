"""Every key of the rules file as a table for the README, read from the JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.adapters.rules.problems import json_schema

Schema = Mapping[str, Any]


def reference() -> str:
    """A Markdown table: the key's path, its default, what it means. `<name>` stands for a name of your choice."""
    schema = json_schema()
    rows = ["| key | default | meaning |", "|---|---|---|"]
    rows += [
        f"| `{path}` | {_default(found)} | {_meaning(found)} |"
        for path, found in _keys(schema, schema["$defs"], "")
    ]
    return "\n".join(rows) + "\n"


def _keys(schema: Schema, named: Schema, before: str) -> Iterator[tuple[str, Schema]]:
    for key, found in schema.get("properties", {}).items():
        path = f"{before}{key}"
        yield path, found
        yield from _below(found, named, path)


def _below(schema: Schema, named: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """The keys within a value: of a mapping, of the mappings in a list, or of those by names of one's choice."""
    if "$ref" in schema:
        yield from _keys(named[schema["$ref"].rpartition("/")[2]], named, f"{path}.")
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "array":
            yield from _below(choice, named, path)
    if isinstance(schema.get("items"), dict):
        yield from _below(schema["items"], named, f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _below(schema["additionalProperties"], named, f"{path}.<name>")


def _default(schema: Schema) -> str:
    if "default" not in schema:
        return "required"
    value = schema["default"]
    if value is None or value in ([], {}):
        return "–"
    if isinstance(value, dict):
        return "see below"
    return f"`{value}`" if isinstance(value, str) else f"`{json.dumps(value)}`"


def _meaning(schema: Schema) -> str:
    return str(schema.get("description", "")).replace("|", "\\|").replace("\n", " ")
