"""Releases as JSON."""

from __future__ import annotations

from typing import Any

from bot.sandbox.represent import repos
from bot.sandbox.represent.accounts import stamp, user
from bot.sandbox.state import Release, World


def release(world: World, made: Release) -> dict[str, Any]:
    """GitHub's ``release``."""
    root, page = repos.api(world, made.repo), repos.html(world, made.repo)
    url = f"{root}/releases/{made.id}"
    return {
        "id": made.id,
        "node_id": made.node_id,
        "url": url,
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "html_url": f"{page}/releases/tag/{made.tag}",
        "tarball_url": f"{root}/tarball/{made.tag}",
        "zipball_url": f"{root}/zipball/{made.tag}",
        "tag_name": made.tag,
        "target_commitish": made.target,
        "name": made.name,
        "body": made.body,
        "draft": False,
        "prerelease": made.prerelease,
        "author": user(world, made.author),
        "assets": [],
        "created_at": stamp(made.created_at),
        "published_at": stamp(made.created_at),
    }
