"""Holds a REST exchange against GitHub's published OpenAPI description.

Requests are judged strictly: method and path must be described, path and query parameters must be known and
well-typed, and a body may hold nothing that is not listed. Successful answers are judged as strictly. Error
answers are not judged, because the description lists them incompletely.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.contract.schemas import Checker, Description, Problem, load

# These parameters may hold slashes (https://docs.github.com/rest/git/refs, …/repos/contents).
_SPANNING = {"path", "ref", "basehead", "branch", "tag", "commit_ref"}
# GitHub has these operations, but the description that we hold was cut without them; they go unjudged.
_MOVED = (301, 307)
"""Any answer about a repository that was renamed, which the description names only here and there:
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects"""
_NOT_HELD = re.compile(
    r"(POST /repos/[^/]+/[^/]+/check-(runs|suites)/\d+/rerequest"
    r"|GET /repos/[^/]+/[^/]+/check-suites/\d+/check-runs"
    r"|PUT /repos/[^/]+/[^/]+/issues/\d+/labels"
    r"|GET /repos/[^/]+/[^/]+/labels"
    r"|(PATCH|DELETE) /repos/[^/]+/[^/]+/labels/[^/]+"
    r"|DELETE /repos/[^/]+/[^/]+/issues/comments/\d+"
    r"|DELETE /repos/[^/]+/[^/]+/issues/(comments/)?\d+/reactions/\d+"
    r"|GET /repos/[^/]+/[^/]+/issues/\d+/reactions"
    r"|GET /repos/[^/]+/[^/]+/actions/workflows/[^/]+(/runs)?"
    r"|GET /repos/[^/]+/[^/]+/actions/(artifacts/\d+|runs/\d+/attempts/\d+)"
    r"|GET /users/[^/]+/installation"
    r"|DELETE /installation/token)"
)
_NOT_A_BODY = (b"", b"null", b"{}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One described operation: template, parameters, and its checkers."""

    method: str
    template: str
    pattern: re.Pattern[str]
    parameters: Mapping[tuple[str, str], tuple[bool, Mapping[str, Any], Checker]]
    body: Checker | None
    body_required: bool
    answers: Mapping[int, Checker | None] = field(default_factory=dict)


class RestContract:
    """Every described operation, matched by method and path; a checker is compiled when it is first used."""

    def __init__(self, description: Description) -> None:
        self._description = description
        templates = list(description.document["paths"])
        # The template with the most literal text wins: `/commits/{ref}/check-runs` before `/commits/{ref}`.
        templates.sort(key=lambda t: (-len([s for s in t.split("/") if "{" not in s]), -len(t)))
        self._templates = [(t, _pattern(t)) for t in templates]
        self._operations: dict[tuple[str, str], Operation] = {}

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation for a path (still percent-encoded) and its path parameters, or None."""
        for template, pattern in self._templates:
            found = pattern.fullmatch(path)
            if found and method.lower() in self._description.document["paths"][template]:
                values = {k: unquote(v) for k, v in found.groupdict().items()}
                return self._operation(method.lower(), template, pattern), values
        return None

    def request_problems(self, method: str, path: str, query: str, body: bytes) -> list[Problem]:
        """What is wrong with a request; `path` without prefix and query, `query` without `?`."""
        matched = self.match(method, path)
        if matched is None:
            known = _NOT_HELD.fullmatch(f"{method.upper()} {path}")
            return (
                [] if known else [Problem(pointer="", message=f"GitHub describes no {method.upper()} {path}")]
            )
        operation, path_values = matched
        problems = [p for k, v in path_values.items() for p in _parameter(operation, "path", k, v)]
        query_values = dict(parse_qsl(query, keep_blank_values=True))
        for name, value in query_values.items():
            problems += _parameter(operation, "query", name, value)
        for (where, name), (required, _, _) in operation.parameters.items():
            if where == "query" and required and name not in query_values:
                problems.append(Problem(pointer=f"?{name}", message="required query parameter is missing"))
        return problems + _body(operation, body)

    def answer_problems(
        self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> list[Problem]:
        """What is wrong with a successful answer (or redirect, or 304); errors are never judged."""
        matched = self.match(method, path)
        if matched is None or status >= 400:
            return []
        if status == 304:
            return [Problem(pointer="", message="a 304 has no body")] if body else []
        operation = matched[0]
        if status in _MOVED and path.startswith("/repos/"):
            there = any(name.lower() == "location" for name in headers)
            return [] if there else [Problem(pointer="", message=f"a {status} says where in Location")]
        if status not in operation.answers:
            known = sorted(operation.answers)
            return [Problem(pointer="", message=f"answered {status}, GitHub describes {known}")]
        kind = {k.lower(): v for k, v in headers.items()}.get("content-type", "")
        checker = operation.answers[status]
        if checker is None:
            return (
                [] if not body or status >= 300 else [Problem(pointer="", message=f"a {status} has no body")]
            )
        if "json" not in kind.split(";")[0] or ".raw" in kind:
            return []
        value, problem = _parse(body)
        return [problem] if problem else checker.problems(value)

    def _operation(self, method: str, template: str, pattern: re.Pattern[str]) -> Operation:
        key = (method, template)
        if key not in self._operations:
            self._operations[key] = self._compile(method, template, pattern)
        return self._operations[key]

    def _compile(self, method: str, template: str, pattern: re.Pattern[str]) -> Operation:
        resolve = self._description.resolve
        item = self._description.document["paths"][template]
        raw = item[method]
        parameters = {}
        for reference in [*item.get("parameters", []), *raw.get("parameters", [])]:
            p = resolve(reference)
            schema = resolve(p["schema"])
            checker = self._description.checker(p["schema"])
            parameters[(p["in"], p["name"])] = (bool(p.get("required")), schema, checker)
        request = resolve(raw.get("requestBody", {}))
        schema = _json_schema(request)
        answers = {}
        for code, reference in raw["responses"].items():
            if code[0] in "23":
                answer = _json_schema(resolve(reference))
                answers[int(code)] = self._description.checker(answer) if answer is not None else None
        return Operation(
            method=method,
            template=template,
            pattern=pattern,
            parameters=parameters,
            body=self._description.checker(schema) if schema is not None else None,
            body_required=bool(request.get("required")),
            answers=answers,
        )


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    regex = "".join(
        re.escape(part) if index % 2 == 0 else f"(?P<{part}>{'.+?' if part in _SPANNING else '[^/]+'})"
        for index, part in enumerate(parts)
    )
    return re.compile(regex)


def _json_schema(node: Mapping[str, Any]) -> dict[str, Any] | None:
    schema: dict[str, Any] | None = node.get("content", {}).get("application/json", {}).get("schema")
    return schema


def _parameter(operation: Operation, where: str, name: str, value: str) -> list[Problem]:
    known = operation.parameters.get((where, name)) or operation.parameters.get((where, f"{name}[]"))
    pointer = f"?{name}" if where == "query" else f"{{{name}}}"
    if known is None:
        return [Problem(pointer=pointer, message=f"GitHub describes no {where} parameter of this name")]
    _, schema, checker = known
    return [Problem(pointer=pointer, message=p.message) for p in checker.problems(_coerce(value, schema))]


def _coerce(value: str, schema: Mapping[str, Any]) -> Any:
    """A query string carries text; a number or a truth value is read the way GitHub reads it."""
    kinds = [schema.get("type"), *(s.get("type") for s in schema.get("oneOf", []))]
    if "integer" in kinds and re.fullmatch(r"-?\d+", value):
        return int(value)
    if "boolean" in kinds and value in ("true", "false"):
        return value == "true"
    return [value] if kinds[0] == "array" else value


def _body(operation: Operation, body: bytes) -> list[Problem]:
    if operation.body is None:
        unexpected = body.strip() not in _NOT_A_BODY
        return [Problem(pointer="", message="GitHub describes no body here")] if unexpected else []
    if not body:
        missing = operation.body_required
        return [Problem(pointer="", message="the required body is missing")] if missing else []
    value, problem = _parse(body)
    return [problem] if problem else operation.body.problems(value)


def _parse(body: bytes) -> tuple[Any, Problem | None]:
    try:
        return json.loads(body), None
    except ValueError as error:
        return None, Problem(pointer="", message=f"not JSON: {error}")


@functools.cache
def rest_contract() -> RestContract:
    """The contract of this process, loaded at the first call (about a tenth of a second)."""
    return RestContract(load("openapi"))
