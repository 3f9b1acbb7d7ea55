"""`POST /alerts`: Alertmanager's notifications. Who it is, then size, then content; stored before it is answered.

Authorized by `Authorization: Bearer <ALERTMANAGER_TOKEN>` alone: a token in the address would be in everybody's logs
(attack case 83). Without the setting nobody is. What an alert means is decided by the worker, from the rules of the
default branch.
"""

from __future__ import annotations

import hmac
import json
import logging
import uuid
from typing import Any

from flask import Blueprint, Response, request

from bot.decide.rollback.alerts import Garbage, read_alerts
from bot.model.delivery import Delivery
from bot.model.subject import alerts
from bot.settings import Settings
from bot.web import body
from bot.web.incoming import Refused, parse
from bot.web.metrics import Metrics, Outcome, Refusal
from bot.web.ports import Clock, Store

EVENT = "alertmanager"
LIMIT = 5_000_000
"""Bytes. 500 alerts with long annotations are about a fifth of that."""
_log = logging.getLogger(__name__)


def blueprint(settings: Settings, store: Store, clock: Clock, metrics: Metrics) -> Blueprint:
    """The one route."""
    routes = Blueprint("alerts", __name__)

    @routes.route("/alerts", methods=["POST"], provide_automatic_options=False)
    def receive() -> Response:
        """A notification."""
        try:
            raw = _genuine(request.environ, settings.alertmanager_token)
            try:
                found = read_alerts(parse(raw))
            except Garbage as garbage:
                raise Refused(400, Refusal.MALFORMED, str(garbage)) from None
        except Refused as refused:
            metrics.refused(refused.reason)
            _log.info("alerts refused", extra={"reason": refused.reason.value, "status": refused.status})
            return _answer(refused.status, "error", refused.text)
        if not any(each.firing for each in found.alerts) and not found.truncated:
            metrics.delivered(EVENT, Outcome.IGNORED)
            return _answer(202, "status", "nothing is firing")
        return _stored(store, clock, metrics, raw)

    return routes


def _stored(store: Store, clock: Clock, metrics: Metrics, raw: bytes) -> Response:
    now = clock()
    delivery = Delivery(
        id=f"alerts-{uuid.uuid4()}",
        event=EVENT,
        action=None,
        subject=str(alerts()),
        installation_id=0,
        account="",
        repository_id=None,
        received_at=now,
    )
    try:
        store.inbox.receive(delivery, raw, now)
    except Exception:  # noqa: BLE001  # logged; not stored is not stored, for whatever reason
        _log.exception("alerts not stored", extra={"delivery": delivery.id})
        metrics.delivered(EVENT, Outcome.NOT_STORED)
        return _answer(503, "error", "not stored, try again later", {"Retry-After": "10"})
    metrics.delivered(EVENT, Outcome.STORED)
    return _answer(202, "status", "stored")


def _genuine(environ: dict[str, Any], token: str | None) -> bytes:
    """The raw body of somebody who knows the token."""
    scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    known = (token or "").encode()
    right = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), known)
    if not (token and scheme.lower() == "bearer" and right):
        raise Refused(401, Refusal.SIGNATURE, "the bearer token is missing or wrong")
    try:
        return body.read(environ, body.declared_length(environ, LIMIT), LIMIT)
    except body.TooLarge:
        raise Refused(413, Refusal.SIZE, "larger than 5 MB") from None
    except body.Broken as broken:
        raise Refused(400, Refusal.BROKEN, str(broken)) from None


def _answer(status: int, key: str, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps({key: text}), status, headers=headers, content_type="application/json")
