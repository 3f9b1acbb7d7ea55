"""Holds a GraphQL document and its variables against GitHub's whole published schema.

Validation without execution: GraphQL's own rules (fields, arguments, types, fragments, unused variables),
then the coercion of the given variables, so that `{"number": "7"}` for an `Int!` is found before GitHub
finds it.
"""

from __future__ import annotations

import functools
import gzip
from collections.abc import Mapping
from importlib import resources
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from bot.sandbox.graphql.cost import cost_of
from tests.contract.schemas import Problem


@functools.cache
def github_schema() -> GraphQLSchema:
    """GitHub's whole schema (about half a second, once per process)."""
    packed = resources.files("bot.sandbox.graphql").joinpath("schema.graphql.gz").read_bytes()
    return build_schema(gzip.decompress(packed).decode(), assume_valid=True, no_location=True)


@functools.lru_cache(maxsize=512)
def _checked(document: str) -> tuple[DocumentNode | None, tuple[Problem, ...]]:
    try:
        parsed = parse(document)
    except GraphQLError as error:
        return None, (_problem(error),)
    return parsed, tuple(_problem(error) for error in validate(github_schema(), parsed))


def document_problems(document: str) -> list[Problem]:
    """What GitHub's schema says against a document, variables apart; judged once per distinct text."""
    return list(_checked(document)[1])


def request_problems(
    document: str, variables: Mapping[str, Any] | None = None, operation_name: str | None = None
) -> list[Problem]:
    """What GitHub's schema says against a document with these variables."""
    parsed, problems = _checked(document)
    if parsed is None or problems:
        return list(problems)
    operations = [d for d in parsed.definitions if isinstance(d, OperationDefinitionNode)]
    wanted = [o for o in operations if operation_name is None or (o.name and o.name.value == operation_name)]
    if len(wanted) != 1:
        return [Problem(pointer="", message=f"{len(wanted)} operations fit operationName {operation_name!r}")]
    defined = wanted[0].variable_definitions or ()
    given = dict(variables or {})
    unknown = set(given) - {d.variable.name.value for d in defined}
    extra = [Problem(pointer=f"${name}", message="the document has no such variable") for name in unknown]
    coerced = get_variable_values(github_schema(), tuple(defined), given)
    extra += [_problem(e) for e in coerced] if isinstance(coerced, list) else []
    refusal = cost_of(parsed, given, operation_name).refusal
    return [*extra, Problem(pointer="", message=refusal)] if refusal else extra


def _problem(error: GraphQLError) -> Problem:
    place = error.locations[0] if error.locations else None
    return Problem(pointer=f"line {place.line}" if place else "", message=error.message)
