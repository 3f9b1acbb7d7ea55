"""`GET /`: the board. What runs where, what is open, what happened. It reads the store alone, never GitHub.

Public and read-only by the contract, so it shows only what the config repository's readers may know; everything is
escaped by the template, links are http(s) or nothing, and the policy forbids scripts (attack case 95).
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from jinja2 import Environment

from bot.errors import LockstepError, Retryable
from bot.web.board_model import Store, model
from bot.web.ports import Clock

FRESH = 1.0
"""Seconds for which one reading of the store serves everybody who asks this process."""
WAITS = 1.0
"""Seconds that a reader waits for another one's reading: the threads that wait are those that receive webhooks."""
REFRESH = 5
"""Seconds after which the page asks again; `?refresh=0` stops that."""


def board(store: Store, web_url: str, clock: Clock) -> Blueprint:
    """The page, for `create_app(rooms=…)`. `web_url` is GitHub's web address."""
    routes = Blueprint("board", __name__)
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        files("bot.web").joinpath("board.html").read_text("utf-8")
    )
    read = _Fresh(lambda: model(store, web_url, clock()))

    @routes.get("/")
    def show() -> ResponseReturnValue:
        """What runs where, and what is on its way."""
        try:
            found = read()
        except LockstepError as error:  # its text holds no secret
            return jsonify(error=f"The board cannot be read now: {error}"), 503, {"Retry-After": "5"}
        if request.args.get("format") == "json":
            return jsonify(found)
        nonce = secrets.token_urlsafe(16)
        refresh = 0 if request.args.get("refresh") == "0" else REFRESH
        answer = Response(
            page.render(**found, nonce=nonce, refresh=refresh), content_type="text/html; charset=utf-8"
        )
        answer.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer

    return routes


class _Fresh:
    """One reading at a time, kept for FRESH seconds: a public page must not be a way to tire the database."""

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._until = 0.0
        self._found: dict[str, Any] = {}

    def __call__(self) -> dict[str, Any]:
        if not self._lock.acquire(timeout=WAITS):
            raise Retryable("the database is slow and others are waiting for it")
        try:
            if time.monotonic() >= self._until:
                self._found = self._read()
                self._until = time.monotonic() + FRESH
            return self._found
        finally:
            self._lock.release()
