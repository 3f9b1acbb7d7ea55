"""Git's own objects: refs, blobs, trees, commits."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from flask import Response, request

from bot.sandbox import actions
from bot.sandbox.errors import Refused, invalid, not_found
from bot.sandbox.gitstore import Person
from bot.sandbox.represent import repos
from bot.sandbox.rest.common import (
    actor,
    body,
    listed,
    needed,
    nothing,
    reply,
    repo,
    repository_routes,
    world,
)

routes = repository_routes("git", "/git")


@routes.get("/ref/<path:name>")
def get_ref(name: str) -> Response:
    """GET …/git/ref/{ref}; 404 also when it is only the beginning of names."""
    found = repo("contents")
    sha = found.git.ref(name)
    if sha is None:
        raise not_found()
    return reply(repos.ref(world(), found, name, sha))


@routes.get("/matching-refs/<path:name>")
def matching_refs(name: str) -> Response:
    """GET …/git/matching-refs/{ref}"""
    found = repo("contents")
    refs = list(found.git.refs(name).items())
    return listed(refs, lambda pair: repos.ref(world(), found, *pair))


@routes.post("/refs")
def create_ref() -> Response:
    """POST …/git/refs"""
    found, sent = repo("contents", "write"), body()
    ref, sha = needed(sent, "ref", "sha")
    actions.create_ref(world(), actor(), found, ref, sha)
    return reply(repos.ref(world(), found, ref.removeprefix("refs/"), sha), 201)


@routes.patch("/refs/<path:name>")
def update_ref(name: str) -> Response:
    """PATCH …/git/refs/{ref}"""
    found, sent = repo("contents", "write"), body()
    (sha,) = needed(sent, "sha")
    actions.update_ref(world(), actor(), found, name, sha, force=bool(sent.get("force")))
    return reply(repos.ref(world(), found, name, sha))


@routes.delete("/refs/<path:name>")
def delete_ref(name: str) -> Response:
    """DELETE …/git/refs/{ref}"""
    actions.delete_ref(world(), actor(), repo("contents", "write"), name)
    return nothing()


@routes.post("/blobs")
def create_blob() -> Response:
    """POST …/git/blobs"""
    found, sent = repo("contents", "write"), body()
    (content,) = needed(sent, "content")
    try:
        coded = sent.get("encoding") == "base64"
        data = base64.b64decode(content, validate=False) if coded else content.encode()
    except binascii.Error as bad:
        raise invalid("content is not valid Base64") from bad
    sha = found.git.write_blob(data)
    return reply({"sha": sha, "url": f"{repos.api(world(), found)}/git/blobs/{sha}"}, 201)


@routes.get("/blobs/<sha>")
def get_blob(sha: str) -> Response:
    """GET …/git/blobs/{file_sha}; ``raw`` gives the bytes."""
    found = repo("contents")
    if not found.git.has(sha, "blob"):
        raise not_found()
    data = found.git.blob(sha)
    if "raw" in request.headers.get("Accept", ""):
        return Response(data, content_type="application/vnd.github.raw; charset=utf-8")
    return reply(
        {
            "sha": sha,
            "node_id": f"B_{sha}",
            "size": len(data),
            "url": f"{repos.api(world(), found)}/git/blobs/{sha}",
            "content": base64.encodebytes(data).decode(),
            "encoding": "base64",
        }
    )


@routes.get("/trees/<path:sha>")
def get_tree(sha: str) -> Response:
    """GET …/git/trees/{tree_sha}, also of a branch or commit; ``recursive`` with any value."""
    found = repo("contents")
    target = sha if found.git.has(sha, "tree") else found.git.resolve(sha)
    if target is None:
        raise not_found()
    return reply(repos.tree(world(), found, target, recursive="recursive" in request.args))


@routes.post("/trees")
def create_tree() -> Response:
    """POST …/git/trees: entries with ``sha`` (null deletes) or ``content``."""
    found, sent = repo("contents", "write"), body()
    (entries,) = needed(sent, "tree")
    changes: dict[str, tuple[str, str] | None] = {}
    for entry in entries:
        path, mode = entry.get("path"), entry.get("mode", "100644")
        if not path:
            raise invalid("tree.path wasn't supplied")
        if mode not in ("100644", "100755", "040000", "160000", "120000"):
            raise invalid(f"tree.mode {mode} is not valid")
        if "content" in entry:
            changes[path] = (mode, found.git.write_blob(entry["content"].encode()))
        elif "sha" in entry:
            changes[path] = (mode, entry["sha"]) if entry["sha"] else None
        else:
            raise invalid("Must supply either tree.sha or tree.content")
    sha = actions.create_tree(world(), actor(), found, sent.get("base_tree"), changes)
    return reply(repos.tree(world(), found, sha, recursive=False), 201)


def _person(raw: dict[str, Any] | None) -> Person | None:
    if raw is None:
        return None
    if not raw.get("name") or not raw.get("email"):
        raise invalid("author.name and author.email must be supplied")
    when = raw.get("date")
    at = datetime.fromisoformat(when) if when else world().clock.now()
    return Person(name=raw["name"], email=raw["email"], at=at if at.tzinfo else at.replace(tzinfo=UTC))


@routes.post("/commits")
def create_commit() -> Response:
    """POST …/git/commits"""
    found, sent = repo("contents", "write"), body()
    message, tree = needed(sent, "message", "tree")
    author, committer = _person(sent.get("author")), _person(sent.get("committer"))
    parents = sent.get("parents") or []
    sha = actions.create_commit(world(), actor(), found, message, tree, parents, author, committer)
    return reply(repos.git_commit(world(), found, sha), 201)


@routes.get("/commits/<sha>")
def get_commit(sha: str) -> Response:
    """GET …/git/commits/{commit_sha}"""
    found = repo("contents")
    if not found.git.has(sha):
        raise Refused(404, "Not Found")
    return reply(repos.git_commit(world(), found, sha))
