"""What pydantic says about a document, as sentences with file, line, column and key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails

from bot.adapters.rules.document import Document, Path
from bot.adapters.rules.rules_spec import RulesSpec
from bot.model.policy import RulesError

MOST = 200
"""More errors than this are not listed. GitHub shows 50 annotations a request."""

_UNSAID = ("url",)
"""Keys whose values are not repeated in messages: people paste addresses with secrets in them."""


def problems(document: Document, error: ValidationError) -> Iterator[RulesError]:
    """Every complaint of pydantic, at its place in the document."""
    details = error.errors(include_url=False, include_context=True)
    for detail in details[: 2 * MOST]:
        path, at_key = _place(document, detail["loc"])
        at_key = at_key or detail["type"] == "extra_forbidden"
        yield document.error(path, _message(detail, path), at_key=at_key)


def near_miss(found: str, known: Sequence[str]) -> str:
    """`; did you mean …?` when one of the known words is close, else nothing."""
    close = get_close_matches(found[:64].lower(), known, n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


def shown(value: Any) -> str:
    """A value as it may stand in a message: short, on one line, without backticks."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        short = value if len(value) <= 60 else value[:60] + "…"
        return "`" + json.dumps(short, ensure_ascii=False)[1:-1].replace("`", "'") + "`"
    return f"`{json.dumps(value)}`"


def _place(document: Document, loc: tuple[int | str, ...]) -> tuple[Path, bool]:
    """Pydantic's location as a path of this document: its wrappers around single values fall away."""
    path: Path = ()
    value = document.data
    for part in loc:
        if part == "[key]":
            return path, True
        inside_wrapper = isinstance(part, int) != isinstance(value, list)
        if inside_wrapper or not isinstance(value, list | dict):
            continue
        path = (*path, part)
        value = _child(value, part)
    return path, False


def _child(value: Any, part: int | str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    return value[part] if isinstance(part, int) and part < len(value) else None


def _message(detail: ErrorDetails, path: Path) -> str:
    kind, value = detail["type"], detail["input"]
    schema = _schema_at(detail["loc"])
    if kind == "extra_forbidden":
        known = sorted(_resolved(_schema_at(detail["loc"][:-1])).get("properties", {}))
        name = str(detail["loc"][-1])
        return f"unknown key{near_miss(name, known)} Known here: {', '.join(known)}".replace(
            "key Kn", "key. Kn"
        )
    if kind == "missing":
        return f"missing; expected {_expected(schema)}: {schema.get('description', '')}".rstrip(": ")
    found = "" if path and path[-1] in _UNSAID else f"; found {shown(value)}"
    if kind in ("value_error", "assertion_error"):
        said = str(detail.get("ctx", {}).get("error", detail["msg"]))
        return said + (found if not isinstance(value, dict) else "")
    if kind in ("too_short", "too_long"):
        return "expected at least one entry; found none"
    expected = _expected(schema)
    hint = near_miss(value, _choices(schema)) if isinstance(value, str) else ""
    if expected == "text" and isinstance(value, int | float):
        hint = "; put it in quotes"
    return f"expected {expected}{found}{hint}"


def _choices(schema: dict[str, Any]) -> list[str]:
    return [str(choice) for choice in _resolved(schema).get("enum", [])]


def _expected(schema: dict[str, Any]) -> str:
    """What a JSON Schema asks for, in words."""
    schema = _resolved(schema)
    if "enum" in schema:
        return "one of " + ", ".join(f"`{choice}`" for choice in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    bounds = _bounds(schema)
    words = {
        "integer": "a whole number" + bounds,
        "number": "a number" + bounds,
        "boolean": "true or false",
        "array": "a list",
        "object": "a mapping",
    }
    return words.get(str(schema.get("type")), "text")


def _bounds(schema: dict[str, Any]) -> str:
    low, high, above, below = (
        schema.get(name) for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    )
    if above is not None:
        return f" above {above} and below {below}"
    if high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if low is not None else ""


class _Titleless(GenerateJsonSchema):
    """Without the titles that pydantic makes of the keys, which tell nobody anything."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def json_schema() -> dict[str, Any]:
    """The JSON Schema of the rules file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **RulesSpec.model_json_schema(by_alias=True, schema_generator=_Titleless),
        "title": "Lockstep promotion rules",
    }


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema behind references, and the one beside null."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = json_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
        else:
            schema = next((one for one in schema["anyOf"] if one.get("type") != "null"), {})
    return schema


def _schema_at(loc: Sequence[int | str]) -> dict[str, Any]:
    """The JSON Schema of the place that pydantic names, unresolved so that its description is kept."""
    schema = json_schema()
    for part in loc:
        inner = _resolved(schema)
        if isinstance(part, int):
            schema = inner.get("items", inner)
        else:
            others = inner.get("additionalProperties")
            fallback = others if isinstance(others, dict) else {}
            schema = inner.get("properties", {}).get(part, fallback)
    return schema
