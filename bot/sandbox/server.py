"""The Flask app behind the door, and the thread that serves it on a free local port."""

from __future__ import annotations

import functools
import hmac
import json
import logging
import threading
from collections.abc import Callable
from typing import Any, cast

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response as Answer

from bot.sandbox import pages, registering
from bot.sandbox.door import DOCS, Door, refusal
from bot.sandbox.errors import Refused
from bot.sandbox.faults import Faults
from bot.sandbox.rest import apps, checks, git, issues, people, pulls, releases, repos, security, workflows
from bot.sandbox.rest.common import JSON, actor, body
from bot.sandbox.state import World
from bot.sandbox.webhooks import Webhooks

log = logging.getLogger(__name__)
Control = Callable[[dict[str, Any]], dict[str, Any]]


class Server:
    """Everything that answers HTTP; ``controls`` are the demo's own verbs under ``/_sandbox/``."""

    def __init__(self, world: World, faults: Faults, webhooks: Webhooks, control_token: str) -> None:
        self.world = world
        self.unknown_routes: list[str] = []
        self.crashes: list[str] = []
        self.controls: dict[str, Control] = {}
        self.webhooks = webhooks
        self.token = control_token
        self.door = Door(world=world, inner=flask_app().wsgi_app, faults=faults, server=self)
        self._serving: list[tuple[BaseWSGIServer, threading.Thread]] = []

    def start(self, port: int = 0) -> str:
        """Serve on 127.0.0.1 (0: any free port), and the blob store on a port of its own; the base address."""
        self.world.base_url = self._serve(port)
        self.world.blob_url = self._serve(0)
        return self.world.base_url

    def _serve(self, port: int) -> str:
        server = make_server("127.0.0.1", port, self.door, threaded=True, request_handler=_Handler)
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="sandbox", daemon=True
        )
        thread.start()
        self._serving.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    def stop(self) -> None:
        """Stop serving."""
        for server, thread in self._serving:
            server.shutdown()
            server.server_close()
            thread.join(timeout=5)


@functools.cache
def flask_app() -> Flask:
    """The routes, compiled once per process; which sandbox a request is for stands in its environ."""
    app = Flask(__name__)
    app.url_map.strict_slashes = False
    for family in (apps, people, git, pulls, issues, checks, workflows, security, releases, repos):
        app.register_blueprint(family.routes)
    app.register_blueprint(workflows.blobs)
    app.register_blueprint(registering.routes)
    app.register_blueprint(pages.routes)
    app.add_url_rule("/graphql", view_func=graphql, methods=["POST"])
    app.add_url_rule("/_sandbox/<verb>", view_func=control, methods=["POST"])
    app.register_error_handler(Exception, failed)
    return app


def _server() -> Server:
    return cast(Server, request.environ["sandbox.server"])


def graphql() -> Response:
    """POST /graphql"""
    from bot.sandbox.graphql import execute  # imported late: parsing GitHub's schema takes a while

    sent = body()
    query, variables = str(sent.get("query") or ""), sent.get("variables") or {}
    status, data = execute(_server().world, actor(), query, variables, sent.get("operationName"))
    return Response(json.dumps(data), status, content_type=JSON)


def control(verb: str) -> Response:
    """POST /_sandbox/{verb}: the demo's own verbs, for who holds the control token."""
    server = _server()
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), server.token.encode()):
        raise Refused(401, "The control token is missing or wrong")
    if verb not in server.controls:
        raise Refused(404, f"This local GitHub knows no {verb}")
    return Response(json.dumps(server.controls[verb](body())), content_type=JSON)


def failed(problem: Exception) -> Answer:
    """Refusals as GitHub's JSON; an unknown route as 501 and a bug of ours as 500, both written down."""
    line = f"{request.method} {request.path}"
    if isinstance(problem, Refused):
        return _unknown(line) if _no_page_of_ours(problem) else refusal(problem)
    if isinstance(problem, HTTPException):
        if problem.code not in (404, 405) or request.url_rule is not None:
            return Response(problem.description or "", problem.code)
        return _unknown(line)
    log.exception("the local GitHub failed at %s", line, exc_info=problem)
    _server().crashes.append(f"{line}: {problem!r}")
    return _loud(f"The local GitHub failed: {problem!r}", 500)


def _no_page_of_ours(problem: Refused) -> bool:
    """Whether ``/search/issues`` was taken for a page: its first word is no account here."""
    first = request.path.split("/")[1].lower()
    ours = first in _server().world.accounts or first == "favicon.ico"
    return problem.status == 404 and request.blueprint == "pages" and not ours


def _unknown(line: str) -> Response:
    _server().unknown_routes.append(line)
    return _loud(f"The local GitHub does not know {line}", 501)


def _loud(message: str, status: int) -> Response:
    answer = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return Response(json.dumps(answer), status, content_type=JSON)


class _Handler(WSGIRequestHandler):
    """Keeps connections open, without Nagle's delay, and writes no access log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def send_response(self, code: Any, message: str | None = None) -> None:
        """The status line alone: GitHub's own Date comes with the answer's headers, and once."""
        self.log_request(code)
        self.send_response_only(code, message)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: the sandbox keeps its own request log."""
