"""Parse, validate against GitHub's own schema, execute, and print errors in GitHub's shape.

https://docs.github.com/graphql/guides/forming-calls-with-graphql
"""

from __future__ import annotations

import functools
import gzip
import re
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    parse,
    validate,
)
from graphql import execute as graphql_execute

from bot.sandbox.errors import Refused
from bot.sandbox.graphql import catalogue
from bot.sandbox.graphql.context import Context, Unsupported
from bot.sandbox.graphql.cost import cost_of
from bot.sandbox.graphql.fields import resolve_field, resolve_type
from bot.sandbox.state import Actor, World

# graphql-core renamed these hooks in 3.3 and keeps the old names beside the new ones.
_OUTPUT = ("serialize", "coerce_output_value")
_INPUT = ("parse_value", "coerce_input_value")
Answer = tuple[int, dict[str, Any]]
_UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")


@functools.cache
def schema() -> GraphQLSchema:
    """GitHub's whole schema; about half a second, once per process."""
    packed = resources.files("bot.sandbox.graphql").joinpath("schema.graphql.gz").read_bytes()
    made = build_schema(gzip.decompress(packed).decode(), assume_valid=True, no_location=True)
    _scalar(made, "DateTime", _OUTPUT, _utc)
    _scalar(made, "GitTimestamp", _OUTPUT, _with_offset)
    _scalar(made, "BigInt", _OUTPUT, str)
    _scalar(made, "GitObjectID", _INPUT, _object_id)
    return made


def _scalar(made: GraphQLSchema, name: str, hooks: tuple[str, str], function: Callable[[Any], Any]) -> None:
    """Give a scalar of the published schema the code that only a server has."""
    for hook in hooks:
        setattr(cast(GraphQLScalarType, made.type_map[name]), hook, function)


def execute(
    world: World,
    actor: Actor,
    query: str,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
) -> Answer:
    """Run one document as this actor: (HTTP status, body as GitHub prints it).

    Nobody and an App without an installation get 401; everything else is 200 with `data` and, per failed field,
    an entry in `errors` (`type`, `path`, `locations`, `message`). 501 means the local GitHub lacks a field.
    """
    if actor.account is None:
        return 401, {"message": "This endpoint requires you to be authenticated.", "status": "401"}
    if not isinstance(query, str) or not query.strip():
        return 200, {"errors": [{"message": "A query attribute must be specified and must be a string."}]}
    catalogue.load()
    document, errors = _document(query)
    if document is None or errors:
        return 200, {"errors": [dict(error) for error in errors]}
    cost = cost_of(document, variables or {}, operation_name)
    if cost.refusal:
        return 200, {"data": None, "errors": [{"type": "MAX_NODE_LIMIT_EXCEEDED", "message": cost.refusal}]}
    context = Context(world, actor, cost)
    with world.lock:
        result = graphql_execute(
            schema(),
            document,
            context_value=context,
            variable_values=variables or {},
            operation_name=operation_name,
            field_resolver=resolve_field,
            type_resolver=resolve_type,
        )
    return _answer(cast(ExecutionResult, result), context)


@functools.lru_cache(maxsize=256)
def _document(query: str) -> tuple[DocumentNode | None, tuple[dict[str, Any], ...]]:
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (_located(error, {}),)
    return document, tuple(_invalid(error) for error in validate(schema(), document))


def _invalid(error: GraphQLError) -> dict[str, Any]:
    unknown = _UNKNOWN_FIELD.match(error.message)
    if unknown is None:
        return _located(error, {})
    field, owner = unknown.groups()
    extensions = {"code": "undefinedField", "typeName": owner, "fieldName": field}
    text = f"Field '{field}' doesn't exist on type '{owner}'"
    return {**_located(error, {"extensions": extensions}), "message": text}


def _answer(result: ExecutionResult, context: Context) -> Answer:
    errors = [_failed(error, context) for error in result.errors or ()]
    missing = [e.original_error for e in result.errors or () if isinstance(e.original_error, Unsupported)]
    if missing:
        return 501, {"errors": errors, "message": "; ".join(str(m) for m in missing)}
    if result.data is None and errors and all("path" not in error for error in errors):
        return 200, {"errors": errors}
    body: dict[str, Any] = {"data": result.data}
    if errors:
        body["errors"] = errors
    return 200, body


def _failed(error: GraphQLError, context: Context) -> dict[str, Any]:
    cause = error.original_error
    if not isinstance(cause, Refused):
        if cause is not None and not isinstance(cause, Unsupported | GraphQLError):
            raise cause
        return _located(error, {"path": error.path} if error.path else {})
    message = cause.message
    if cause.status == 403 and context.actor.installation is None:
        act = str(error.path[0]) if error.path else ""
        who = context.actor.name
        message = f"{who} does not have the correct permissions to execute `{act[:1].upper()}{act[1:]}`"
    elif cause.errors:
        message = ", ".join(_sentence(entry) for entry in cause.errors)
    elif cause.status == 404 and message == "Not Found":
        message = "Could not resolve to a node with the given global id."
    return _located(error, {"type": cause.kind, "path": error.path}) | {"message": message}


def _sentence(entry: object) -> str:
    return str(entry.get("message", entry)) if isinstance(entry, dict) else str(entry)


def _located(error: GraphQLError, more: dict[str, Any]) -> dict[str, Any]:
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return {**more, "locations": places, "message": error.message}


def _utc(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _with_offset(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _object_id(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{40}", value):
        raise GraphQLError(f"{value!r} is not a GitObjectID: 40 hex digits")
    return value
