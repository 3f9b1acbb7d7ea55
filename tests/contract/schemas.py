"""Turns GitHub's OpenAPI 3.0 schemas into strict JSON Schema 2020-12 and says what breaks them, where.

Two changes make the published description usable as a contract. `nullable` (OpenAPI 3.0) becomes a type of
its own. And every object whose properties are listed is *closed*: a name that GitHub does not list is an
error, because a bot that sends it, or relies on it, talks to something that is not GitHub. Objects that
list nothing stay open; they are GitHub's free-form ones (`client_payload`, deployment payloads).

The descriptions come from tests/data/github/ (see ORIGIN.md there).
"""

from __future__ import annotations

import functools
import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from tests.contract.mending import mend

DATA = Path(__file__).resolve().parents[1] / "data" / "github"
_COMPOSITIONS = ("allOf", "anyOf", "oneOf")
_SCHEMA_PREFIX = "#/components/schemas/"
UNLISTED = "GitHub lists no such property"
_LEFT_OVER = "(left over by a composition)"
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\[\]<>\"{}|\\^`]+")

Json = Any
Schema = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One place where a value breaks its description: a JSON Pointer ("" is the root) and a sentence."""

    pointer: str
    message: str


class Description:
    """One published document, its component schemas converted once; hands out compiled checkers."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._components: dict[str, Schema] = document.get("components", {}).get("schemas", {})
        converted = {name: self._convert(schema) for name, schema in self._components.items()}
        closed = {name: self._close(schema) for name, schema in converted.items()}
        uri = "urn:github"
        self._uri = uri
        self._registry = jsonschema_rs.Registry(
            [(uri, {"components": {"schemas": converted, "closed": closed}})],
            draft=jsonschema_rs.Draft202012,
        )

    def checker(self, schema: Schema) -> Checker:
        """Compile one OpenAPI schema of this document; compile once and keep it, checking is then cheap."""
        strict = self._absolute(self._close(self._convert(schema)))
        return Checker(
            jsonschema_rs.validator_for(
                {"$schema": "https://json-schema.org/draft/2020-12/schema", **strict},
                registry=self._registry,
                validate_formats=True,
                # GitHub's own addresses (`1+dependabot[bot]@users.noreply.github.com`) are not RFC 5321.
                formats={"email": lambda value: "@" in str(value), "uri": _is_uri},
            )
        )

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        """Follow `$ref`s until the node itself is found."""
        while "$ref" in node:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def _convert(self, schema: Schema) -> Schema:
        """OpenAPI 3.0 → JSON Schema 2020-12, with every object below this one closed."""
        out = {key: value for key, value in schema.items() if key not in ("nullable", "example", "xml")}
        if "properties" in out:
            out["properties"] = {k: self._position(v) for k, v in out["properties"].items()}
        if isinstance(out.get("additionalProperties"), dict):
            out["additionalProperties"] = self._position(out["additionalProperties"])
        if "items" in out:
            out["items"] = self._position(out["items"])
        for keyword in _COMPOSITIONS:
            if keyword in out:
                out[keyword] = [self._branch(b, schema, keyword) for b in out[keyword]]
        if schema.get("nullable"):
            out = _nullable(out)
        return out

    def _position(self, schema: Schema) -> Schema:
        return self._close(self._convert(schema))

    def _branch(self, branch: Schema, parent: Schema, keyword: str) -> Schema:
        """A branch is a whole alternative (closed on its own) or a fragment that the parent closes."""
        converted = self._convert(branch)
        if keyword != "allOf" and "properties" not in parent:
            return self._close(converted)
        if converted.get("additionalProperties") is True and "properties" in converted:
            del converted["additionalProperties"]
        return converted

    def _close(self, schema: Schema) -> Schema:
        """Forbid unlisted properties at this place; free-form objects stay as they are."""
        if "additionalProperties" in schema:
            return schema
        ref = schema.get("$ref", "")
        if ref.startswith(_SCHEMA_PREFIX):
            return {"$ref": ref.replace("/schemas/", "/closed/")}
        composed = [keyword for keyword in _COMPOSITIONS if keyword in schema]
        if "properties" in schema:
            return {**schema, ("unevaluatedProperties" if composed else "additionalProperties"): False}
        return {**schema, "unevaluatedProperties": False} if "allOf" in composed else schema

    def _absolute(self, schema: Json) -> Json:
        if isinstance(schema, dict):
            return {
                k: (self._uri + v if k == "$ref" and isinstance(v, str) else self._absolute(v))
                for k, v in schema.items()
            }
        return [self._absolute(item) for item in schema] if isinstance(schema, list) else schema


class Checker:
    """A compiled schema; `problems(value)` yields nothing for a value that keeps the contract."""

    def __init__(self, validator: Any) -> None:
        self._validator = validator

    def problems(self, value: Json) -> list[Problem]:
        """Every place where the value breaks the schema, the most precise ones for alternatives."""
        if self._validator.is_valid(value):
            return []
        found = {p for error in self._validator.iter_errors(value) for p in _explain(error)}
        return sorted(_without_echoes(found), key=lambda p: (p.pointer, p.message))


def _nullable(schema: Schema) -> Schema:
    kind = schema.get("type")
    if isinstance(kind, str) and not any(keyword in schema for keyword in _COMPOSITIONS):
        out = {**schema, "type": [kind, "null"]}
        if "enum" in out and None not in out["enum"]:
            out["enum"] = [*out["enum"], None]
        return out
    # Without a type there is nothing to widen; an empty schema already allows null.
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema


def _explain(error: Any) -> Iterator[Problem]:
    """An alternative that fails is explained by its nearest branch, not by "none of them fits"."""
    branches = getattr(error.kind, "context", None)
    if branches:
        yield from _explain_nearest(branches, error)
        return
    pointer = "".join(f"/{_escape(step)}" for step in error.instance_path)
    unexpected = getattr(error.kind, "unexpected", None)
    if unexpected:
        said = _LEFT_OVER if error.kind.name == "unevaluatedProperties" else UNLISTED
        yield from (Problem(pointer=f"{pointer}/{_escape(name)}", message=said) for name in unexpected)
        return
    message = (
        error.message if len(error.message) <= 300 else f"{error.message[:140]} … {error.message[-140:]}"
    )
    yield Problem(pointer=pointer, message=message)


def _escape(step: object) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _explain_nearest(branches: list[list[Any]], error: Any) -> Iterator[Problem]:
    root = len(error.instance_path)

    def distance(branch: list[Any]) -> tuple[bool, int]:
        wrong_type = any(e.kind.name == "type" and len(e.instance_path) <= root for e in branch)
        return (wrong_type, len(branch))

    for inner in min(branches, key=distance):
        yield from _explain(inner)


def _without_echoes(found: set[Problem]) -> set[Problem]:
    """One wrong value leaves a whole composition unevaluated; then only the wrong value says something."""
    kept = set()
    for p in found:
        if p.message != _LEFT_OVER:
            kept.add(p)
        elif not any(q.message != _LEFT_OVER and _beside(q.pointer, p.pointer) for q in found):
            kept.add(Problem(pointer=p.pointer, message=UNLISTED))
    return kept


def _beside(pointer: str, other: str) -> bool:
    """Whether a pointer leads into the object that holds `other`."""
    return pointer.startswith(other.rpartition("/")[0] + "/")


def _is_uri(value: object) -> bool:
    """An absolute address; GitHub gives "" where there is none (https://docs.github.com/webhooks, deployments)."""
    return value == "" or bool(_URI.fullmatch(str(value)))


@functools.cache
def load(name: str) -> Description:
    """The description `openapi` or `webhooks`, parsed and converted once per process."""
    with gzip.open(DATA / f"{name}.json.gz") as handle:
        document = json.load(handle)
    mend(name, document)
    return Description(document)
