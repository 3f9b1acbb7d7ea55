"""The Flask app behind the door, and the thread that serves it on a free local port."""

from __future__ import annotations

import hmac
import json
import logging
import threading
from collections.abc import Callable
from typing import Any, cast

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bot.sandbox import pages
from bot.sandbox.door import DOCS, Door, refusal
from bot.sandbox.errors import Refused
from bot.sandbox.faults import Faults
from bot.sandbox.rest import apps, checks, git, issues, people, pulls, repos, workflows
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
        self._token = control_token
        self.flask = Flask(__name__)
        self.flask.url_map.strict_slashes = False
        self.door = Door(world=world, inner=self.flask.wsgi_app, faults=faults)
        self.flask.extensions.update(world=world, webhooks=webhooks, door=self.door)
        families = (apps, people, git, pulls, issues, checks, workflows, repos)
        for family in families:
            self.flask.register_blueprint(family.routes)
        self.flask.register_blueprint(workflows.blobs)
        self.flask.register_blueprint(pages.routes)
        self.flask.add_url_rule("/graphql", view_func=self._graphql, methods=["POST"])
        self.flask.add_url_rule("/_sandbox/<verb>", view_func=self._control, methods=["POST"])
        self.flask.register_error_handler(Exception, self._failed)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    def start(self, port: int = 0) -> str:
        """Serve on 127.0.0.1 (0: any free port); the base address."""
        self._server = make_server("127.0.0.1", port, self.door, threaded=True, request_handler=_Handler)
        self.world.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True
        )
        self._thread.start()
        return self.world.base_url

    def stop(self) -> None:
        """Stop serving."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(timeout=5)

    def _graphql(self) -> Response:
        from bot.sandbox.graphql import execute  # imported late: parsing GitHub's schema takes a while

        sent = body()
        variables = sent.get("variables") or {}
        status, data = execute(
            self.world, actor(), str(sent.get("query") or ""), variables, sent.get("operationName")
        )
        return Response(json.dumps(data), status, content_type=JSON)

    def _control(self, verb: str) -> Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise Refused(401, "The control token is missing or wrong")
        control = self.controls.get(verb)
        if control is None:
            raise Refused(404, f"This local GitHub knows no {verb}")
        return Response(json.dumps(control(body())), content_type=JSON)

    def _failed(self, problem: Exception) -> Response:
        if isinstance(problem, Refused):
            return cast(Response, refusal(problem))
        if isinstance(problem, HTTPException) and problem.code in (404, 405) and request.url_rule is None:
            if request.path in ("/favicon.ico", "/robots.txt"):
                return Response(status=404)
            line = f"{request.method} {request.path}"
            self.unknown_routes.append(line)
            text = f"The local GitHub does not know {line}"
            answer = {"message": text, "documentation_url": DOCS, "status": "501"}
            return Response(json.dumps(answer), 501, content_type=JSON)
        if isinstance(problem, HTTPException):
            return Response(problem.description or "", problem.code)
        log.exception("the local GitHub failed at %s %s", request.method, request.path, exc_info=problem)
        self.crashes.append(f"{request.method} {request.path}: {problem!r}")
        answer = {"message": f"The local GitHub failed: {problem!r}", "documentation_url": DOCS}
        return Response(json.dumps(answer), 500, content_type=JSON)


class _Handler(WSGIRequestHandler):
    """Keeps connections open, without Nagle's delay, and writes no access log."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: the sandbox keeps its own request log."""
