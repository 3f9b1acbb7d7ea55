"""Releases: published notes about a tag. https://docs.github.com/en/rest/releases/releases"""

from __future__ import annotations

from flask import Response

from bot.sandbox import actions
from bot.sandbox.errors import not_found
from bot.sandbox.represent.releases import release
from bot.sandbox.rest.common import actor, body, listed, needed, reply, repo, repository_routes, world

routes = repository_routes("releases")


@routes.get("/releases")
def list_releases() -> Response:
    """GET …/releases, newest first"""
    found = repo("contents")
    return listed(list(found.releases.values())[::-1], lambda each: release(world(), each))


@routes.get("/releases/tags/<path:tag>")
def release_of_tag(tag: str) -> Response:
    """GET …/releases/tags/{tag}"""
    found = repo("contents").releases.get(tag)
    if found is None:
        raise not_found()
    return reply(release(world(), found))


@routes.post("/releases")
def create_release() -> Response:
    """POST …/releases"""
    found, sent = repo("contents", "write"), body()
    (tag,) = needed(sent, "tag_name")
    made = actions.create_release(
        world(),
        actor(),
        found,
        tag,
        sent.get("target_commitish"),
        sent.get("name"),
        sent.get("body"),
        prerelease=bool(sent.get("prerelease")),
    )
    return reply(release(world(), made), 201)
