"""`GET /`: the board. What runs where, what is open, what happened. It reads the store alone, never GitHub.

Public and read-only by the contract, so it shows only what the config repository's readers may know; everything is
escaped by the template, links are http(s) or nothing, and the policy forbids scripts (attack case 95).
"""

from __future__ import annotations

import re
import secrets
from importlib.resources import files

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from jinja2 import Environment
from markupsafe import Markup, escape

from bot.errors import LockstepError
from bot.web.board_model import model
from bot.web.fresh import Fresh
from bot.web.ports import Clock
from bot.web.ports_pages import Store

_CODE = re.compile(r"`([^`]{1,300})`")
REFRESH = 5
"""Seconds after which the page asks again; `?refresh=0` stops that."""


def board(store: Store, web_url: str, clock: Clock) -> Blueprint:
    """The page, for `create_app(rooms=…)`. `web_url` is GitHub's web address."""
    routes = Blueprint("board", __name__)
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template.filters["minutes"] = minutes
    template.filters["words"] = words
    page = template.from_string(files("bot.web").joinpath("board.html").read_text("utf-8"))
    read = Fresh(lambda: model(store, web_url, clock()))

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


def words(text: str) -> Markup:
    """A sentence as GitHub shows it, with its code as code; everything else in it is inert text (attack case 95)."""
    shown = str(escape(text.replace("**", "")))
    return Markup(_CODE.sub(r"<code>\1</code>", shown))  # noqa: S704 - escaped above; only our own tag is put in


def minutes(seconds: int) -> str:
    """How long: `42 s`, `2:05 min`, `3 h 7 min`, `2 d`."""
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min" if seconds < 86400 else f"{seconds // 86400} d"
