"""Listens to everything that passes between the bot and the local GitHub and keeps what breaks GitHub's word.

Cheap enough to be on in every story: checkers are compiled once per process and cost well under a
millisecond an exchange. A story ends with `recorder.assert_clean()`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol
from urllib.parse import quote

from tests.contract.graphql import request_problems as graphql_problems
from tests.contract.openapi import rest_contract
from tests.contract.schemas import Problem
from tests.contract.webhooks import webhook_contract

_BASES = ("/api/v3",)
_GRAPHQL = ("/graphql", "/api/graphql")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    """A request as it was sent: `path` still percent-encoded, `query` without `?`, `body` as bytes."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenResponse:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One breach: `side` is `request` (the bot's), `answer` or `webhook` (the local GitHub's)."""

    side: str
    method: str
    path: str
    pointer: str
    message: str

    def __str__(self) -> str:
        return f"[{self.side}] {self.method} {self.path} at {self.pointer or '(root)'}: {self.message}"


class Asked(Protocol):
    """What is read of a request; `SeenRequest` and the local GitHub's own record of one both fit."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class Answered(Protocol):
    """What is read of an answer."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class ContractRecorder:
    """Collects violations; `ignored` are path prefixes that are the local GitHub's own, not GitHub's."""

    def __init__(self, ignored: tuple[str, ...] = ("/_",)) -> None:
        self.violations: list[Violation] = []
        self.exchanges = 0
        self.webhooks = 0
        self._ignored = ignored

    def on_exchange(self, request: Asked, response: Answered) -> None:
        """Judge one request and its answer (REST or GraphQL); a refused request is judged too."""
        path = request.path
        for base in _BASES:
            path = path.removeprefix(base)
        if path.startswith(self._ignored):
            return
        self.exchanges += 1
        self._add("request", request.method, path, _headers(request))
        if path in _GRAPHQL or request.path in _GRAPHQL:
            self._add("request", request.method, path, _graphql(request))
            return
        contract = rest_contract()
        asked = contract.request_problems(request.method, path, request.query, request.body)
        self._add("request", request.method, path, asked)
        answered = contract.answer_problems(
            request.method, path, response.status, response.headers, response.body
        )
        self._add("answer", request.method, path, answered)

    def on_webhook(self, headers: Mapping[str, str], body: bytes) -> None:
        """Judge one delivery as it leaves the local GitHub."""
        self.webhooks += 1
        event = {k.lower(): v for k, v in headers.items()}.get("x-github-event", "?")
        self._add("webhook", "POST", event, webhook_contract().delivery_problems(headers, body))

    def middleware(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """Wrap a WSGI app so that every exchange is judged."""

        def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            body = _read_body(environ)
            seen: dict[str, Any] = {}

            def started(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                seen.update(status=int(status.split()[0]), headers=dict(headers))
                return start_response(status, headers, *rest)

            answer = app(environ, started)
            try:
                content = b"".join(answer)
            finally:
                getattr(answer, "close", lambda: None)()
            self.on_exchange(_request(environ, body), SeenResponse(**seen, body=content))
            return [content]

        return wrapped

    def assert_clean(self) -> None:
        """Fail with every distinct violation, or return when there is none."""
        distinct = sorted({str(v) for v in self.violations})
        if distinct:
            raise AssertionError("GitHub's published description is broken:\n  " + "\n  ".join(distinct))

    def _add(self, side: str, method: str, path: str, problems: Iterable[Problem]) -> None:
        for p in problems:
            self.violations.append(
                Violation(side=side, method=method, path=path, pointer=p.pointer, message=p.message)
            )


def _headers(request: Asked) -> list[Problem]:
    """GitHub refuses who does not say their name (https://docs.github.com/rest/using-the-rest-api)."""
    named = any(name.lower() == "user-agent" and value for name, value in request.headers.items())
    return [] if named else [Problem(pointer="header user-agent", message="GitHub demands one")]


def _graphql(request: Asked) -> list[Problem]:
    try:
        payload = json.loads(request.body)
        document = payload["query"]
    except (ValueError, KeyError, TypeError):
        return [Problem(pointer="", message="a GraphQL request is a JSON object with `query`")]
    return graphql_problems(document, payload.get("variables"), payload.get("operationName"))


def _read_body(environ: dict[str, Any]) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    if not length and not environ.get("wsgi.input_terminated"):
        return b""
    body: bytes = environ["wsgi.input"].read(int(length)) if length else environ["wsgi.input"].read()
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _request(environ: Mapping[str, Any], body: bytes) -> SeenRequest:
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    path = raw.split("?")[0] if raw else quote(environ["PATH_INFO"])
    headers = {
        key.removeprefix("HTTP_").replace("_", "-"): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
    return SeenRequest(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=environ.get("QUERY_STRING", ""),
        headers=headers,
        body=body,
    )
