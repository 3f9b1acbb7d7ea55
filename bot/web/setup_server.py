"""Serves the page of `lockstep setup` to one person until the App is made: no gunicorn, no database, no settings."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from bot.errors import UserError
from bot.web.setup import Registration, browser_sees, registering


class _Quiet(WSGIRequestHandler):
    """Addresses hold the flow's secret and GitHub's code: they are not logged."""

    timeout = 5
    """Seconds; browsers open connections that they may never use, and the end must not wait for those."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


def serve_until_made(
    flow: Registration,
    made: threading.Event,
    *,
    url: str,
    host: str,
    port: int,
    listening: Callable[[], None],
) -> None:
    """Answers `GET /setup` until `made` is set; calls `listening` when it can be opened.

    Raises UserError when the address cannot be bound.
    """
    app = Flask("lockstep-setup", static_folder=None, template_folder=None)
    app.register_blueprint(registering(flow, here=lambda: browser_sees(url)))
    try:
        server = ThreadedWSGIServer(host, port, app, _Quiet)
    except (OSError, SystemExit) as error:
        raise UserError(f"{host}:{port} cannot be bound; choose another --port") from error
    # Threads that are answering are waited for, so that the last page arrives.
    server.daemon_threads = False
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    serving.start()
    listening()
    try:
        made.wait()
    finally:
        server.shutdown()
        server.server_close()
