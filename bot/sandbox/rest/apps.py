"""The App's own routes: who it is, where it is installed, tokens, and its webhook deliveries."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, request

from bot.sandbox.access import covers, in_token
from bot.sandbox.auth import mint
from bot.sandbox.errors import Refused, not_found
from bot.sandbox.represent import accounts, repos
from bot.sandbox.represent.accounts import Json, stamp
from bot.sandbox.rest.common import (
    actor,
    body,
    cursor_link,
    installation,
    listed,
    reply,
    world,
)
from bot.sandbox.state import App, Installation
from bot.sandbox.webhooks import Delivery, Webhooks

routes = Blueprint("apps", __name__)


def _app() -> App:
    asking = actor()
    if asking.app is None or asking.token is not None:
        raise Refused(401, "A JSON web token could not be decoded")
    return asking.app


def _mine(number: int) -> Installation:
    found = world().installations.get(number)
    if found is None or found.app is not _app():
        raise not_found()
    return found


@routes.get("/app")
def get_app() -> Response:
    """GET /app"""
    app = _app()
    count = sum(i.app is app for i in world().installations.values())
    return reply({**accounts.app(world(), app), "installations_count": count})


@routes.get("/app/installations")
def list_installations() -> Response:
    """GET /app/installations"""
    app = _app()
    mine = [i for i in world().installations.values() if i.app is app]
    return listed(mine, lambda i: accounts.installation(world(), i))


@routes.get("/app/installations/<int:number>")
def get_installation(number: int) -> Response:
    """GET /app/installations/{installation_id}"""
    return reply(accounts.installation(world(), _mine(number)))


@routes.post("/app/installations/<int:number>/access_tokens")
def create_token(number: int) -> Response:
    """POST /app/installations/{installation_id}/access_tokens"""
    token = mint(world(), _mine(number), body())
    made: Json = {
        "token": token.value,
        "expires_at": stamp(token.expires_at),
        "permissions": token.permissions,
        "repository_selection": "all" if token.repository_ids is None else "selected",
    }
    if token.repository_ids is not None:
        chosen = [world().repositories[i] for i in sorted(token.repository_ids)]
        made["repositories"] = [repos.repository(world(), r) for r in chosen]
    return reply(made, 201)


def _installation_on(login: str, kind: str | None = None) -> Response:
    app, account = _app(), world().account(login)
    for found in world().installations.values():
        if found.app is app and found.account is account and kind in (None, account.kind):
            return reply(accounts.installation(world(), found))
    raise not_found()


@routes.get("/orgs/<login>/installation")
def get_org_installation(login: str) -> Response:
    """GET /orgs/{org}/installation"""
    return _installation_on(login, "Organization")


@routes.get("/users/<login>/installation")
def get_user_installation(login: str) -> Response:
    """GET /users/{username}/installation"""
    return _installation_on(login)


@routes.get("/repos/<owner>/<name>/installation")
def get_repo_installation(owner: str, name: str) -> Response:
    """GET /repos/{owner}/{repo}/installation"""
    app, repo = _app(), world().find_repository(f"{owner}/{name}")
    for found in world().installations.values():
        if repo is not None and found.app is app and covers(found, repo):
            return reply(accounts.installation(world(), found))
    raise not_found()


@routes.get("/installation/repositories")
def list_repositories() -> Response:
    """GET /installation/repositories"""
    token = actor().token
    everywhere = installation().repository_ids is None
    found = [r for r in world().repositories.values() if token is not None and in_token(token, r)]
    selection = {"repository_selection": "all" if everywhere else "selected"}
    return listed(found, lambda r: repos.repository(world(), r), "repositories", extra=selection)


def _webhooks() -> Webhooks:
    return cast(Webhooks, request.environ["sandbox.server"].webhooks)


def _item(delivery: Delivery) -> Json:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": stamp(delivery.delivered_at),
        "redelivery": delivery.redelivery,
        "duration": delivery.duration,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation_id,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }


@routes.get("/app/hook/config")
def hook_config() -> Response:
    """GET /app/hook/config"""
    app = _app()
    config = {"content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return reply({**config, "url": app.webhook_url or world().base_url})


@routes.get("/app/hook/deliveries")
def list_deliveries() -> Response:
    """GET /app/hook/deliveries, newest first, leafed through by ``cursor`` (the id to start below)."""
    app = _app()
    size = min(max(int(request.args.get("per_page", "30")), 1), 100)
    cursor = request.args.get("cursor", "")
    below = int(cursor.removeprefix("v1_")) if cursor.removeprefix("v1_").isdigit() else None
    mine = [d for d in reversed(_webhooks().log) if d.app is app]
    wanted = request.args.get("status")
    if wanted:
        mine = [d for d in mine if (200 <= d.status_code < 400) == (wanted == "success")]
    rest = [d for d in mine if below is None or d.id < below]
    response = reply([_item(d) for d in rest[:size]])
    if len(rest) > size:
        response.headers["Link"] = cursor_link(f"v1_{rest[size - 1].id}")
    return response


def _delivery(number: int) -> Delivery:
    app = _app()
    found = next((d for d in _webhooks().log if d.id == number and d.app is app), None)
    if found is None:
        raise not_found()
    return found


@routes.get("/app/hook/deliveries/<int:number>")
def get_delivery(number: int) -> Response:
    """GET /app/hook/deliveries/{delivery_id}"""
    found = _delivery(number)
    return reply(
        {
            **_item(found),
            "url": found.app.webhook_url or "",
            "request": {"headers": found.headers, "payload": found.payload},
            "response": {"headers": found.response_headers, "payload": found.response_body},
        }
    )


@routes.post("/app/hook/deliveries/<int:number>/attempts")
def redeliver(number: int) -> Response:
    """POST /app/hook/deliveries/{delivery_id}/attempts"""
    _webhooks().redeliver(_delivery(number))
    return reply({}, 202)


@routes.get("/rate_limit")
def rate_limit() -> Response:
    """GET /rate_limit, which costs nothing."""
    door = request.environ["sandbox.server"].door
    asking = actor()
    who = f"installation {asking.installation.id}" if asking.installation else asking.name
    resources = {}
    for name in ("core", "search", "graphql"):
        window = door.windows.get((who, name))
        used = window.used if window else 0
        started = window.started if window else world().clock.now().timestamp()
        resources[name] = {
            "limit": door.limit,
            "used": used,
            "remaining": door.limit - used,
            "reset": int(started) + 3600,
        }
    return reply({"resources": resources, "rate": resources["core"]})
