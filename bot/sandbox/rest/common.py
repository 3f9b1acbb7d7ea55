"""What every family of routes uses: the world, the actor, the repository, bodies, pages and answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from bot.sandbox.access import require
from bot.sandbox.errors import Refused, invalid, not_found
from bot.sandbox.state import Actor, Installation, Repository, World

T = TypeVar("T")
JSON = "application/json; charset=utf-8"


def world() -> World:
    """The world of this app."""
    return cast(World, request.environ["sandbox.server"].world)


def actor() -> Actor:
    """Who asks."""
    return cast(Actor, request.environ.get("sandbox.actor") or Actor())


def installation() -> Installation:
    """The installation behind the token; 403 for everybody else."""
    found = actor().installation
    if found is None:
        raise Refused(403, "You must authenticate with an installation access token to list repositories.")
    return found


def repository_routes(name: str, below: str = "") -> Blueprint:
    """A blueprint under ``/repos/{owner}/{name}`` whose views find the repository in ``repo(…)``."""
    routes = Blueprint(name, __name__, url_prefix=f"/repos/<repo_owner>/<repo_name>{below}")

    @routes.url_value_preprocessor
    def find(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values is not None:
            owner, short = values.pop("repo_owner"), values.pop("repo_name")
            found = world().find_repository(f"{owner}/{short}")
            if found is None:
                raise not_found()
            g.repo = found

    return routes


def repo(permission: str = "metadata", level: str = "read", role: str | None = None) -> Repository:
    """The repository in the address, when the actor may do this with it; else 404 or 403."""
    found = cast(Repository, g.repo)
    require(world(), actor(), found, permission, level, role)
    return found


def body() -> dict[str, Any]:
    """The JSON object that was sent ({} for none); 400 when it is not one."""
    raw = request.get_data()
    if not raw.strip():
        return {}
    try:
        parsed = json.loads(raw)
    except ValueError as bad:
        raise Refused(400, "Problems parsing JSON") from bad
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise Refused(400, "Body should be a JSON object")
    return parsed


def needed(sent: dict[str, Any], *names: str) -> list[Any]:
    """These fields of a body; 422 ``missing_field`` when one is not there."""
    for name in names:
        if sent.get(name) is None:
            raise invalid(f"{name} wasn't supplied", resource="Request", field=name, code="missing_field")
    return [sent[name] for name in names]


def reply(data: Any, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(json.dumps(data, ensure_ascii=False), status, content_type=JSON)


def nothing(status: int = 204) -> Response:
    """An answer without a body."""
    return Response(status=status)


def listed(
    items: Sequence[T],
    show: Callable[[T], Any],
    key: str | None = None,
    default: int = 30,
    extra: dict[str, Any] | None = None,
) -> Response:
    """One page of a list with its ``Link`` header; ``key`` wraps it with ``total_count``."""
    size = min(max(_number("per_page", default), 1), 100)
    page = max(_number("page", 1), 1)
    shown = [show(item) for item in items[(page - 1) * size : page * size]]
    data: Any = shown if key is None else {"total_count": len(items), **(extra or {}), key: shown}
    response = reply(data)
    last = max((len(items) + size - 1) // size, 1)
    wanted: dict[str, int] = {}
    if page < last:
        wanted |= {"next": page + 1, "last": last}
    if page > 1:
        wanted |= {"prev": min(page - 1, last), "first": 1}
    if wanted:
        links = [f'<{_address(page=str(number))}>; rel="{rel}"' for rel, number in wanted.items()]
        response.headers["Link"] = ", ".join(links)
    return response


def _number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isdigit() else default


def _address(**changed: str) -> str:
    query = {**request.args.to_dict(), **changed}
    return f"{world().base_url}{request.path}?{urlencode(query)}"


def cursor_link(cursor: str) -> str:
    """A ``Link`` header that leads on by ``cursor``."""
    return f'<{_address(cursor=cursor)}>; rel="next"'


def after_link(cursor: str) -> str:
    """The same for lists that are leafed through by ``after``."""
    return f'<{_address(after=cursor)}>; rel="next"'


def commit_of(repository: Repository, ref: str) -> str:
    """The commit a ref means; 422 ``No commit found for SHA``."""
    found = repository.git.resolve(ref)
    if found is None:
        raise invalid(f"No commit found for SHA: {ref}")
    return found


def find(items: dict[int, T], number: int) -> T:
    """The entity of this id, or 404."""
    if number not in items:
        raise not_found()
    return items[number]
