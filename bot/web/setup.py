"""`GET /setup`: registering the App by its manifest, and what there is to do when that is done.

Two faces. `lockstep setup` serves the flow: a page whose one button hands the manifest to GitHub, and the place where
GitHub sends the owner's browser back to, with a code that is exchanged for the credentials. Both need the secret that
the terminal printed, for whoever reaches this first would own the App. A `lockstep serve` that has its settings
exchanges nothing (a stranger's code would bring a stranger's App); it shows what is left to do.
https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from jinja2 import Environment, Template

from bot.errors import LockstepError


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What the page tells of the App that was made; no secret."""

    name: str
    html_url: str
    kept_in: str
    """Where the settings were written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One flow. `token` is what the terminal printed; GitHub carries it back as `state`."""

    github: str
    """GitHub's web address."""
    organization: str | None
    manifest: Callable[[str], Mapping[str, Any]]
    """The manifest, for the address that GitHub is to send the browser back to."""
    keep: Callable[[str], Made]
    """Exchanges a code and writes the settings down. Raises LockstepError."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def action(self) -> str:
        """Where the manifest is posted to."""
        owner = f"/organizations/{quote(self.organization)}" if self.organization else ""
        return f"{self.github}{owner}/settings/apps/new?state={quote(self.token)}"


def registering(flow: Registration, *, here: Callable[[], str]) -> Blueprint:
    """The flow's routes. `here` is the address at which the browser sees this page."""
    routes = Blueprint("setup", __name__)
    page = _page()

    @routes.get("/setup")
    def setup() -> ResponseReturnValue:
        """The button first; with GitHub's `code`, the App's credentials."""
        code = request.args.get("code")
        said = request.args.get("token" if code is None else "state", "")
        if not hmac.compare_digest(said.encode(), flow.token.encode()):
            return _shown(page, 403, stage="refused")
        if code is None:
            manifest = flow.manifest(here())
            return _shown(
                page, 200, posts_to=flow.github,
                stage="offer", action=flow.action, manifest=json.dumps(manifest), asked=manifest,
            )  # fmt: skip
        try:
            made = flow.keep(code)
        except LockstepError as error:  # its text holds no secret
            return _shown(
                page, 502, stage="failed", why=str(error), again=f"/setup?token={quote(flow.token)}"
            )
        return _shown(page, 200, stage="made", made=made)

    return routes


def done(app_id: int, github: str) -> Blueprint:
    """The page of an instance that has its App."""
    routes = Blueprint("setup", __name__)
    page = _page()

    @routes.get("/setup")
    def setup() -> ResponseReturnValue:
        """What is left to do; a code is not exchanged here."""
        if "code" in request.args:
            return _shown(page, 403, stage="taken", app_id=app_id)
        return _shown(page, 200, stage="done", app_id=app_id, github=github)

    return routes


def browser_sees(public_url: str) -> str:
    """The address of this page as the asking browser sees it: behind a proxy that ends TLS, the public one."""
    public = urlsplit(public_url)
    return f"{public_url}/setup" if request.host == public.netloc else f"{request.host_url}setup"


def _page() -> Template:
    text = files("bot.web").joinpath("setup.html").read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)


def _shown(page: Template, status: int, *, posts_to: str = "'none'", **values: object) -> Response:
    nonce = secrets.token_urlsafe(16)
    answer = Response(
        page.render(**values, nonce=nonce), status=status, content_type="text/html; charset=utf-8"
    )
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action {posts_to}; "
        "frame-ancestors 'none'"
    )
    # The address holds the secret of the flow: GitHub must not be told it by a Referer.
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
