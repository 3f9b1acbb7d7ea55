"""`POST /api/argocd`: Argo CD Notifications say that an application has changed (row R5).

As every webhook it says *look*, never what is true: the deployments that watch the application are woken, and Argo CD
itself is asked. Polling finds the same a little later.
https://argo-cd.readthedocs.io/en/stable/operator-manual/notifications/services/webhook/
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Protocol

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from bot.errors import LockstepError
from bot.model.deployment import Deployment
from bot.model.subject import deployment
from bot.web.bearer import demand
from bot.web.incoming import Refused, parse
from bot.web.metrics import Refusal

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_PLACES = (
    ("application",),
    ("metadata", "name"),
    ("app", "metadata", "name"),
    ("application", "metadata", "name"),
)
_log = logging.getLogger(__name__)


class Deployments(Protocol):
    """Those that are underway."""

    def watching(self, application: str) -> tuple[Deployment, ...]:
        """The ones that wait for something of this application."""


class Queue(Protocol):
    """Who is to be looked at next."""

    def wake(self, subject: str) -> None:
        """Makes sure that the subject is looked at."""


class Store(Protocol):
    """What this door needs."""

    @property
    def deployments(self) -> Deployments: ...
    @property
    def queue(self) -> Queue: ...


def argocd(store: Store, token: str | None) -> Blueprint:
    """The route, for `create_app(rooms=…)`. `token` is ARGOCD_WEBHOOK_TOKEN; None: nobody is let in."""
    routes = Blueprint("argocd", __name__)

    @routes.route("/api/argocd", methods=["POST"], provide_automatic_options=False)
    def notified() -> ResponseReturnValue:
        """202: whoever watches the application looks at it now."""
        try:
            demand(request.environ, token)
            name = application_of(parse(request.get_data()))
        except Refused as refused:
            return jsonify(error=refused.text), refused.status
        try:
            woken = store.deployments.watching(name)
            for each in woken:
                store.queue.wake(
                    str(deployment(each.installation_id, each.config_repository_id, each.pull_number))
                )
        except LockstepError:
            _log.exception("Argo CD's notification could not be passed on")
            return jsonify(error="not passed on, try again later"), 503, {"Retry-After": "10"}
        return jsonify(status="woken", deployments=len(woken)), 202

    return routes


def application_of(payload: Mapping[str, Any]) -> str:
    """The application's name, from the places where templates put it. Raises Refused (400) when there is none."""
    for place in _PLACES:
        found: Any = payload
        for key in place:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str) and _NAME.fullmatch(found):
            return found
    raise Refused(400, Refusal.MALFORMED, 'say which application: {"application": "<name>"}')
