"""Refs and commits."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from bot.sandbox import actions
from bot.sandbox.access import require, visible
from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import Context, GitCommit, GitRef
from bot.sandbox.graphql.mutations import Input, mutation
from bot.sandbox.state import Repository

_GONE = "0" * 40


@mutation("createRef")
def create_ref(context: Context, asked: Input) -> dict[str, Any]:
    """`name` is whole (`refs/heads/x`); UNPROCESSABLE when it exists."""
    repo: Repository = context.expect(asked["repositoryId"], Repository)
    name = asked["name"]
    if repo.git.ref(name.removeprefix("refs/")) and name.startswith("refs/"):
        text = f'A ref named "{name}" already exists in the repository.'
        _may_write(context, repo)
        raise Refused(422, text)
    actions.create_ref(context.world, context.actor, repo, name, asked["oid"])
    return {"ref": GitRef(repo, name.removeprefix("refs/"))}


def _may_write(context: Context, repo: Repository) -> None:
    """FORBIDDEN comes before any word about what exists."""
    require(context.world, context.actor, repo, "contents", "write")


@mutation("updateRef")
def update_ref(context: Context, asked: Input) -> dict[str, Any]:
    """Move a ref; without `force` only forward."""
    ref: GitRef = context.expect(asked["refId"], GitRef)
    force = bool(asked.get("force"))
    actions.update_ref(context.world, context.actor, ref.repo, ref.name, asked["oid"], force=force)
    return {"ref": ref}


@mutation("deleteRef")
def delete_ref(context: Context, asked: Input) -> dict[str, Any]:
    """Delete a ref."""
    ref: GitRef = context.expect(asked["refId"], GitRef)
    actions.delete_ref(context.world, context.actor, ref.repo, ref.name)
    return {}


@mutation("updateRefs")
def update_refs(context: Context, asked: Input) -> dict[str, Any]:
    """All or none: every `beforeOid` is compared before the first ref moves; forty zeros mean "no such ref"."""
    repo: Repository = context.expect(asked["repositoryId"], Repository)
    _may_write(context, repo)
    for update in asked["refUpdates"]:
        _check(repo, update)
    for update in asked["refUpdates"]:
        _apply(context, repo, update)
    return {}


def _check(repo: Repository, update: dict[str, Any]) -> None:
    name, before = update["name"], update.get("beforeOid")
    now = repo.git.ref(name.removeprefix("refs/"))
    if before is not None and before != (now or _GONE):
        raise Refused(422, f"{name} is not at {before}; none of the refs was updated.", kind="STALE_DATA")
    after = update["afterOid"]
    if after != _GONE and not repo.git.has(after):
        raise Refused(422, f"No commit {after}; none of the refs was updated.")
    if now and after != _GONE and not update.get("force") and not repo.git.is_ancestor(now, after):
        raise Refused(422, f"{name}: update is not a fast forward; none of the refs was updated.")


def _apply(context: Context, repo: Repository, update: dict[str, Any]) -> None:
    name, after = update["name"].removeprefix("refs/"), update["afterOid"]
    world, actor = context.world, context.actor
    if after == _GONE:
        actions.delete_ref(world, actor, repo, name)
    elif repo.git.ref(name) is None:
        actions.create_ref(world, actor, repo, f"refs/{name}", after)
    else:
        actions.update_ref(world, actor, repo, name, after, force=bool(update.get("force")))


@mutation("createCommitOnBranch")
def create_commit_on_branch(context: Context, asked: Input) -> dict[str, Any]:
    """One signed commit; STALE_DATA when the branch is not at `expectedHeadOid`.

    https://docs.github.com/graphql/reference/mutations#createcommitonbranch
    """
    repo, branch = _branch(context, asked["branch"])
    message, changes = asked["message"], asked.get("fileChanges") or {}
    text = "\n\n".join(part for part in (message["headline"], message.get("body")) if part)
    additions = {a["path"]: _decoded(a) for a in changes.get("additions") or []}
    deletions = [d["path"] for d in changes.get("deletions") or []]
    sha = actions.commit_on_branch(
        context.world, context.actor, repo, branch, text, additions, deletions, asked["expectedHeadOid"]
    )
    return {"commit": GitCommit(repo, sha), "ref": GitRef(repo, f"heads/{branch}")}


def _branch(context: Context, asked: dict[str, Any]) -> tuple[Repository, str]:
    """By ref id, or by repository name and branch name; never by both."""
    if asked.get("id"):
        ref: GitRef = context.expect(asked["id"], GitRef)
        return ref.repo, ref.name.removeprefix("heads/")
    full, branch = asked.get("repositoryNameWithOwner"), asked.get("branchName")
    if not full or not branch:
        raise Refused(422, "A branch needs an id, or repositoryNameWithOwner and branchName.")
    repo = context.world.find_repository(full)
    if repo is None or not visible(context.world, context.actor, repo):
        raise Refused(404, f"Could not resolve to a Repository with the name '{full}'.", kind="NOT_FOUND")
    return repo, branch.removeprefix("refs/heads/")


def _decoded(addition: dict[str, str]) -> bytes:
    try:
        return base64.b64decode(addition["contents"], validate=True)
    except binascii.Error as bad:
        raise Refused(422, f"The contents of {addition['path']} are not valid Base64.") from bad
