"""The WSGI door: faults, who is asking, the lock, rate limits, ETags, GitHub's headers and the request log.

Everything behind it is an ordinary Flask app. One request at a time is performed (under ``world.lock``); a
slow fault sleeps outside it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from bot.sandbox.auth import identify
from bot.sandbox.errors import Refused
from bot.sandbox.faults import Call, Fault, Faults
from bot.sandbox.state import Actor, Repository, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

API = re.compile(
    r"/(app|apps|app-manifests|repos|repositories|orgs|users|user|installation|rate_limit|graphql)(/|$)"
)
DOCS = "https://docs.github.com/rest"
HOUR = 3600
LIMIT = 5000


@dataclass(kw_only=True)
class HttpRequest:
    """A request as it was sent: ``path`` still percent-encoded, ``query`` without ``?``."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class HttpResponse:
    """The answer as it was given."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class Entry:
    """One line of the request log. ``status`` 0: the connection was dropped."""

    at: datetime
    method: str
    path: str
    query: str
    operation: str | None
    status: int
    actor: str
    installation: int | None
    is_write: bool
    is_api: bool
    counted: bool


@dataclass(kw_only=True)
class Window:
    """Requests of one actor in the running hour."""

    started: float
    used: int = 0


@dataclass(kw_only=True)
class Door:
    """Wraps the Flask app; ``observers`` see every exchange with the API."""

    world: World
    inner: WSGIApplication
    faults: Faults
    observers: list[Callable[[HttpRequest, HttpResponse], None]] = field(default_factory=list)
    log: list[Entry] = field(default_factory=list)
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    limit: int = LIMIT
    server: object = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Perform one request."""
        environ["sandbox.server"] = self.server
        request = Request(environ)
        body = request.get_data(cache=True)
        environ["wsgi.input"] = io.BytesIO(body)  # what is read here must be there for the routes again
        if not API.match(request.path):
            return self.inner(environ, start_response)
        operation, query = _operation(request.path, body)
        call = Call(method=request.method, path=request.path, operation=operation, query=query, body=body)
        struck = self.faults.strike(call)
        time.sleep(sum(fault.seconds for fault in struck))
        answering = next((f for f in struck if f.kind not in ("slow", "before")), None)
        with self.world.lock:
            actor, response, counted = self._perform(environ, request, call, struck, answering)
        dropped = answering is not None and answering.kind in ("drop", "drop_after")
        status = 0 if dropped else response.status_code
        self._note(request, call, actor, status, counted)
        if dropped:
            _hang_up(environ)
            return []
        self._tell(request, body, response)
        return response(environ, start_response)

    def _perform(
        self,
        environ: WSGIEnvironment,
        request: Request,
        call: Call,
        struck: list[Fault],
        answering: Fault | None,
    ) -> tuple[Actor, Response, bool]:
        actor, counted = Actor(), True
        try:
            actor = identify(self.world, request.headers.get("Authorization"))
            for fault in struck:
                if fault.before is not None:
                    fault.before(call)
            response = self._answer(environ, actor, call, answering)
        except Refused as refused:
            response = refusal(refused)
        if request.method == "GET" and response.status_code == 200:
            counted = not _not_modified(request, response)
        self._stamp(call, actor, response, counted, answering)
        return actor, response, counted

    def _answer(
        self, environ: WSGIEnvironment, actor: Actor, call: Call, answering: Fault | None
    ) -> Response:
        kind = answering.kind if answering else ""
        if kind in ("fails", "drop") and answering:
            return _json({"message": answering.message, "documentation_url": DOCS}, answering.status or 502)
        window = self._window(call, actor)
        if window.used >= self.limit:
            raise Refused(403, "API rate limit exceeded for installation.")
        self._route(environ)
        environ["sandbox.actor"] = actor
        response = Response.from_app(self.inner, environ, buffered=True)
        if kind == "after" and answering:
            return _json({"message": answering.message, "documentation_url": DOCS}, answering.status)
        return response

    def _route(self, environ: WSGIEnvironment) -> None:
        """``/repositories/{id}/…`` is another name for ``/repos/{owner}/{name}/…``."""
        path = environ["PATH_INFO"]
        by_id = re.match(r"/repositories/(\d+)(/.*)?$", path)
        if by_id:
            found = self.world.repositories.get(int(by_id[1]))
            if found is None:
                raise Refused(404, "Not Found")
            environ["PATH_INFO"] = f"/repos/{found.full_name}{by_id[2] or ''}"
            return
        by_name = re.match(r"/repos/([^/]+/[^/]+)(/.*)?$", path)
        if by_name and self.world.find_repository(by_name[1]) is None:
            moved: Repository | None = self.world.renamed(by_name[1])
            if moved is not None:
                query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
                where = f"{self.world.base_url}/repositories/{moved.id}{by_name[2] or ''}{query}"
                raise Moved(where, environ["REQUEST_METHOD"])

    def _window(self, call: Call, actor: Actor) -> Window:
        who = f"installation {actor.installation.id}" if actor.installation else actor.name
        key = (who, "graphql" if call.path == "/graphql" else "core")
        now = self.world.clock.now().timestamp()
        window = self.windows.get(key)
        if window is None or now >= window.started + HOUR:
            window = self.windows[key] = Window(started=now)
        return window

    def _stamp(
        self, call: Call, actor: Actor, response: Response, counted: bool, answering: Fault | None
    ) -> None:
        window = self._window(call, actor)
        if counted and call.path != "/rate_limit":
            window.used += 1
        headers = response.headers
        headers["X-RateLimit-Limit"] = str(self.limit)
        headers["X-RateLimit-Remaining"] = str(max(self.limit - window.used, 0))
        headers["X-RateLimit-Used"] = str(window.used)
        headers["X-RateLimit-Reset"] = str(int(window.started) + HOUR)
        headers["X-RateLimit-Resource"] = "graphql" if call.path == "/graphql" else "core"
        headers["X-GitHub-Request-Id"] = uuid.uuid4().hex[:20].upper()
        headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        headers["X-GitHub-Api-Version-Selected"] = "2022-11-28"
        headers["Date"] = self.world.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        for name, value in (answering.headers if answering else {}).items():
            headers[name] = value

    def _note(self, request: Request, call: Call, actor: Actor, status: int, counted: bool) -> None:
        write = call.method not in ("GET", "HEAD") and not call.path.endswith("/access_tokens")
        if call.path == "/graphql":
            write = call.query.lstrip().startswith("mutation")
        self.log.append(
            Entry(
                at=self.world.clock.now(),
                method=call.method,
                path=call.path,
                query=request.query_string.decode(),
                operation=call.operation,
                status=status,
                actor=actor.name,
                installation=actor.installation.id if actor.installation else None,
                is_write=write,
                is_api=True,
                counted=counted,
            )
        )

    def _tell(self, request: Request, body: bytes, response: Response) -> None:
        if not self.observers:
            return
        raw = str(request.environ.get("REQUEST_URI") or request.path).partition("?")[0]
        seen = HttpRequest(
            method=request.method,
            path=raw,
            query=request.query_string.decode(),
            headers=dict(request.headers),
            body=body,
        )
        given = HttpResponse(
            status=response.status_code, headers=dict(response.headers), body=response.get_data()
        )
        for observer in self.observers:
            observer(seen, given)


class Moved(Refused):
    """301 for reads, 307 for writes, to the repository's address by id."""

    def __init__(self, location: str, method: str) -> None:
        super().__init__(301 if method in ("GET", "HEAD") else 307, "Moved Permanently")
        self.location = location


def refusal(refused: Refused) -> Response:
    """A refusal in GitHub's JSON."""
    body: dict[str, Any] = {"message": refused.message}
    if refused.errors is not None:
        body["errors"] = refused.errors
    body |= {"documentation_url": DOCS, "status": str(refused.status)}
    if isinstance(refused, Moved):
        body["url"] = refused.location
    response = _json(body, refused.status)
    if isinstance(refused, Moved):
        response.headers["Location"] = refused.location
    return response


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")


def _not_modified(request: Request, response: Response) -> bool:
    tag = hashlib.sha256(response.get_data()).hexdigest()
    response.headers["ETag"] = f'W/"{tag}"'
    if tag not in (request.headers.get("If-None-Match") or ""):
        return False
    response.status_code = 304
    response.set_data(b"")
    response.headers.remove("Content-Type")
    response.headers.remove("Content-Length")
    return True


def _operation(path: str, body: bytes) -> tuple[str | None, str]:
    """Name and text of a GraphQL operation; (None, "") for anything else."""
    if path != "/graphql":
        return None, ""
    try:
        asked = json.loads(body)
        text = str(asked.get("query") or "")
        named = re.search(r"\b(?:query|mutation)\s+(\w+)", text)
        return asked.get("operationName") or (named[1] if named else None), text
    except (ValueError, AttributeError):
        return None, ""


def _hang_up(environ: WSGIEnvironment) -> None:
    """Close the connection under the server; the client sees it reset."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("dropped by a fault")
