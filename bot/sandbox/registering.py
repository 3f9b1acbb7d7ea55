"""Registering an App by its manifest: GitHub's page, its way back with a code, and what the code is worth.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import json
import re
import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as Answer

from bot.sandbox.actions.apps import new_app, new_key, public_key, slug_of
from bot.sandbox.errors import invalid, not_found
from bot.sandbox.represent import accounts
from bot.sandbox.rest.common import reply, world
from bot.sandbox.state import World

routes = Blueprint("registering", __name__)

CODE_LIVES = timedelta(hours=1)
_ADDRESS = re.compile(r"https?://[^/\s]+(/\S*)?")

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Register new GitHub App</title></head>
<body><h1>Create GitHub App for {{ owner }}</h1>
<form method="post" action="/settings/apps/manifest">
<input type="hidden" name="owner" value="{{ owner }}"><input type="hidden" name="state" value="{{ state }}">
<input type="hidden" name="manifest" value="{{ manifest }}">
<label>GitHub App name <input name="name" value="{{ name }}"></label>
<button type="submit">Create GitHub App for {{ owner }}</button></form></body></html>"""


@routes.post("/settings/apps/new")
@routes.post("/organizations/<owner>/settings/apps/new")
def offer(owner: str | None = None) -> str:
    """The page that a manifest is posted to."""
    manifest = _manifest(request.form.get("manifest", ""))
    login = owner or next(each.login for each in world().accounts.values() if each.kind == "User")
    world().account(login)
    return render_template_string(
        _PAGE,
        owner=login,
        state=request.args.get("state", ""),
        name=manifest.get("name", ""),
        manifest=json.dumps(manifest),
    )


@routes.post("/settings/apps/manifest")
def accept() -> Answer:
    """The button on that page: back to where the manifest says, with a code."""
    manifest = _manifest(request.form["manifest"]) | {"name": request.form["name"]}
    code = secrets.token_hex(20)
    expires = world().clock.now() + CODE_LIVES
    world().codes[code] = (manifest, request.form["owner"], expires)
    query = urlencode({"code": code, "state": request.form["state"]})
    return redirect(f"{manifest['redirect_url']}?{query}")


def _manifest(text: str) -> dict[str, Any]:
    """Raises Refused for what GitHub's page would show an error for."""
    try:
        found = json.loads(text)
    except ValueError:
        raise invalid("The manifest is no JSON") from None
    addresses = [found.get("url"), found.get("redirect_url"), (found.get("hook_attributes") or {}).get("url")]
    if not all(isinstance(each, str) and _ADDRESS.fullmatch(each) for each in addresses):
        raise invalid("The manifest lacks an address")
    return dict(found)


@routes.post("/app-manifests/<code>/conversions")
def convert(code: str) -> Response:
    """POST /app-manifests/{code}/conversions"""
    there = world()
    manifest, owner, expires = there.codes.pop(code, ({}, "", there.clock.now()))
    if there.clock.now() >= expires:
        raise not_found()
    return reply(_made(there, manifest, owner), 201)


def _made(there: World, manifest: dict[str, Any], owner: str) -> dict[str, Any]:
    pem, secret, name = new_key(), secrets.token_hex(20), str(manifest["name"])
    app = new_app(
        there,
        there.next_id(),
        slug=slug_of(name),
        name=name,
        owner=there.account(owner),
        public_key=public_key(pem),
        webhook_secret=secret,
        webhook_url=str(manifest["hook_attributes"]["url"]),
        permissions=dict(manifest.get("default_permissions") or {}),
        events=list(manifest.get("default_events") or []),
    )
    described = accounts.app(there, app) | {"external_url": manifest["url"]}
    secretive = {"client_secret": secrets.token_hex(20), "webhook_secret": secret, "pem": pem}
    return {**described, **secretive}
