"""`POST /webhook`: verify, store, then answer. 202 means stored (rule 2), or deliberately dropped.

The order matters: size and the signature's shape before the body is read, the signature before anything is
parsed, the allowlist before anything is stored (attack cases 1 to 15).
https://docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request

from bot.decide.routing import Drop, Origin, Route, origin, route
from bot.model.delivery import Delivery
from bot.model.ledger import LedgerEntry
from bot.settings import Settings
from bot.web.incoming import Refused, genuine_body, names, parse
from bot.web.metrics import Metrics, Outcome
from bot.web.ports import Clock, Store

_RETRY_AFTER = {"Retry-After": "10"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An HTTP answer; `text` goes into a small JSON object."""

    status: int
    text: str
    headers: Mapping[str, str] | None = None

    def response(self) -> Response:
        key = "status" if self.status < 400 else "error"
        return Response(
            json.dumps({key: self.text}),
            self.status,
            headers=self.headers,
            content_type="application/json",
        )


class Receiver:
    """Takes one request's WSGI environment to one answer. Safe to use from many threads."""

    def __init__(
        self, *, settings: Settings, store: Store, clock: Clock, metrics: Metrics, app_id: int
    ) -> None:
        self._settings = settings
        self._secret = settings.webhook_secret.encode()
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._app_id = app_id

    def __call__(self, environ: dict[str, Any]) -> Response:
        """The answer. Never raises for anything that a sender can do."""
        started = time.perf_counter()
        try:
            answer = self._receive(environ)
        except Refused as refused:
            self._metrics.refused(refused.reason)
            _log.info("webhook refused", extra={"reason": refused.reason.value, "status": refused.status})
            answer = _Answer(refused.status, refused.text)
        self._metrics.took(time.perf_counter() - started)
        return answer.response()

    def _receive(self, environ: dict[str, Any]) -> _Answer:
        raw = genuine_body(environ, self._secret)
        event, delivery_id = names(environ)
        payload = parse(raw)
        who = origin(payload)
        if who.account is not None and not self._settings.allows(who.account):
            return self._not_allowlisted(event, delivery_id, who)
        way = route(event, payload, app_id=self._app_id, who=who)
        del payload  # a large one need not stay in memory while the database works
        if isinstance(way, Drop):
            self._metrics.ignored(way)
            self._metrics.delivered(event, Outcome.IGNORED)
            return _Answer(202, "ignored")
        return self._store_it(event, delivery_id, way, raw)

    def _store_it(self, event: str, delivery_id: str, way: Route, raw: bytes) -> _Answer:
        now = self._clock()
        delivery = Delivery(
            id=delivery_id,
            event=event,
            action=way.action,
            subject=str(way.subject),
            installation_id=way.installation_id,
            account=way.account,
            repository_id=way.repository_id,
            received_at=now,
        )
        try:
            received = self._store.inbox.receive(delivery, raw, now)
        except Exception:  # noqa: BLE001  # logged; not stored is not stored, for whatever reason
            return self._not_stored(event, delivery_id)
        self._metrics.delivered(event, Outcome(received.value))
        _log.info(
            "delivery %s",
            received.value,
            extra={
                "delivery": delivery_id,
                "event": event,
                "action": way.action,
                "subject": delivery.subject,
            },
        )
        return _Answer(202, received.value)

    def _not_allowlisted(self, event: str, delivery_id: str, who: Origin) -> _Answer:
        """Dropped before any API call, with one row in the ledger (attack case 15)."""
        entry = LedgerEntry(
            at=self._clock(),
            event="not_allowlisted",
            decision="refused",
            reason=f"The account {who.account} is not in ALLOWED_ACCOUNTS.",
            actor_id=who.actor_id,
            actor_login=who.actor_login,
            delivery_id=delivery_id,
            installation_id=who.installation_id,
            repository_id=who.repository_id,
            pull_number=who.pull_number,
            head_sha=who.head_sha,
            details={"event": event, "account": who.account},
        )
        try:
            self._store.ledger.write(entry)
        except Exception:  # noqa: BLE001  # logged; nothing happens unaudited
            return self._not_stored(event, delivery_id)
        self._metrics.delivered(event, Outcome.NOT_ALLOWLISTED)
        return _Answer(202, "ignored")

    def _not_stored(self, event: str, delivery_id: str) -> _Answer:
        """Called inside an except. GitHub keeps the delivery as failed, and the sweep asks for it again."""
        _log.exception("delivery not stored", extra={"delivery": delivery_id, "event": event})
        self._metrics.delivered(event, Outcome.NOT_STORED)
        return _Answer(503, "not stored, try again later", _RETRY_AFTER)


def blueprint(receiver: Receiver) -> Blueprint:
    """The one route. Any method but POST is answered with 405."""
    routes = Blueprint("webhook", __name__)

    @routes.route("/webhook", methods=["POST"], provide_automatic_options=False)
    def webhook() -> Response:
        """GitHub's deliveries."""
        return receiver(request.environ)

    return routes
