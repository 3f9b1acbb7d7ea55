"""The Flask application: routes, and what every answer has in common."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from flask import Blueprint, Flask, Response, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from bot.settings import Settings
from bot.web import alerts, health, webhook
from bot.web.bounded import Bounded
from bot.web.figures import Figures
from bot.web.metrics import Metrics
from bot.web.ports import Clock, Store

PUBLIC = frozenset({"/", "/webhook", "/live", "/ready", "/metrics", "/status", "/setup"})
"""Routes that answer without credentials (the webhook has the signature). A test holds every other route to
refusing; a page that is to be public is added here, on purpose (attack case 94)."""

OTHER_BODIES = 1 << 20
"""Bytes: the limit for every body but the webhook's, which has its own."""

SCRAPE_WITHIN = 2.0
"""Seconds that the store has to give its numbers to a scrape."""

_log = logging.getLogger(__name__)


def create_app(
    *,
    settings: Settings,
    store: Store,
    clock: Clock,
    app_id: int | None = None,
    rooms: Iterable[Blueprint] = (),
) -> Flask:
    """Builds the application, in the process that will run it (after a fork): the store's connections are
    its own.

    `app_id` is our App's, by default the one in the settings. `rooms` are further blueprints, such as the
    board.
    """
    app = Flask("lockstep", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = OTHER_BODIES
    metrics = Metrics(Bounded(store.numbers, SCRAPE_WITHIN), Figures(lambda: store.ledger))
    receiver = webhook.Receiver(
        settings=settings,
        store=store,
        clock=clock,
        metrics=metrics,
        app_id=settings.app_id if app_id is None else app_id,
    )
    app.register_blueprint(webhook.blueprint(receiver))
    app.register_blueprint(health.blueprint(store.health, metrics))
    app.register_blueprint(alerts.blueprint(settings, store, clock, metrics))
    for room in rooms:
        app.register_blueprint(room)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _error)
    app.after_request(_common_headers)
    return app


def _http_error(error: HTTPException) -> ResponseReturnValue:
    """Flask's own refusals (404, 405, …) as JSON, with their headers (`Allow`)."""
    headers = [(name, value) for name, value in error.get_headers() if name.lower() != "content-type"]
    return jsonify(error=error.name), error.code or 500, headers


def _error(error: Exception) -> ResponseReturnValue:
    """A mistake of ours: the log has it (redacted), the answer tells nothing (attack case 93)."""
    _log.error("unhandled error in a request", exc_info=error)
    return jsonify(error="Internal Server Error"), 500


def _common_headers(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
