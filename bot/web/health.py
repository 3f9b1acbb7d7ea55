"""`GET /live`, `GET /ready` and `GET /metrics`: for machines that watch this one. They show no secret."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from bot.errors import LockstepError
from bot.web.bounded import Bounded
from bot.web.metrics import Metrics
from bot.web.ports import Health

READY_WITHIN = 1.0
"""Seconds that the database has to answer."""

_log = logging.getLogger(__name__)


def blueprint(health: Health, metrics: Metrics) -> Blueprint:
    """The three routes."""
    routes = Blueprint("health", __name__)
    check = Bounded(health.check, READY_WITHIN)

    @routes.get("/live")
    def live() -> ResponseReturnValue:
        """The process is up and answers."""
        return jsonify(status="live")

    @routes.get("/ready")
    def ready() -> ResponseReturnValue:
        """Deliveries can be stored: the database answers and its migrations are current."""
        reason = _why_not(check)
        return (jsonify(status="ready"), 200) if reason is None else _unready(reason)

    @routes.get("/metrics")
    def show() -> ResponseReturnValue:
        """Counters, histograms and gauges for Prometheus, which asks for OpenMetrics."""
        text, content_type = metrics.text(request.headers.get("Accept", ""))
        return Response(text, content_type=content_type)

    return routes


def _why_not(check: Bounded[None]) -> str | None:
    try:
        check()
    except TimeoutError:
        return f"The database does not answer within {READY_WITHIN:g} s."
    except LockstepError as error:  # its text holds no secret
        return str(error)
    except Exception:  # noqa: BLE001  # logged; whatever it is, the answer is 503
        _log.warning("the readiness check failed", exc_info=True)
        return "The database cannot be asked; the log says why."
    return None


def _unready(reason: str) -> ResponseReturnValue:
    return jsonify(status="not ready", reason=reason), 503, {"Retry-After": "5"}
