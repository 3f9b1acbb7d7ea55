"""Branches, tags, commits, and what a push sets in motion in the pull requests that it touches."""

from __future__ import annotations

import re

import pygit2

from bot.sandbox.access import covers, require, who
from bot.sandbox.actions.required import missing_checks
from bot.sandbox.errors import Refused, invalid, not_found
from bot.sandbox.gitstore import Person
from bot.sandbox.state import Account, Actor, CheckSuite, Protection, Pull, Repository, World

ZERO = "0" * 40


def person(world: World, account: Account) -> Person:
    """An account as a Git author, now."""
    email = account.email or f"{account.id}+{account.login}@users.noreply.github.com"
    return Person(name=account.name or account.login, email=email, at=world.clock.now())


def web_flow(world: World) -> Person:
    """The committer of everything GitHub commits itself (and signs)."""
    return Person(name="GitHub", email="noreply@github.com", at=world.clock.now())


def create_ref(world: World, actor: Actor, repo: Repository, ref: str, sha: str) -> None:
    """Create ``refs/…`` at a commit; 422 when it exists, the name is bad or the object is missing."""
    require(world, actor, repo, "contents", "write")
    if not ref.startswith("refs/") or ref.count("/") < 2:
        raise invalid("Reference name must start with 'refs/' and contain at least one more slash.")
    if not pygit2.reference_is_valid_name(ref):
        raise invalid(f"{ref} is not a valid ref name.")
    name = ref.removeprefix("refs/")
    if repo.git.ref(name):
        raise invalid("Reference already exists")
    if not repo.git.has(sha, "commit") and not (name.startswith("tags/") and repo.git.has(sha, "tag")):
        raise invalid("Object does not exist")
    move(world, repo, name, None, sha, who(actor))


def update_ref(
    world: World, actor: Actor, repo: Repository, name: str, sha: str, *, force: bool = False
) -> None:
    """Move a ref; 422 when it is missing, protected, or the move is not a fast-forward and not forced."""
    require(world, actor, repo, "contents", "write")
    before = repo.git.ref(name)
    if before is None:
        raise invalid("Reference does not exist")
    if not repo.git.has(sha):
        raise invalid("Object does not exist")
    if not force and not repo.git.is_ancestor(before, sha):
        raise invalid("Update is not a fast forward")
    guard_push(repo, name, sha, force=force and not repo.git.is_ancestor(before, sha))
    if before != sha:
        move(world, repo, name, before, sha, who(actor))


def delete_ref(world: World, actor: Actor, repo: Repository, name: str) -> None:
    """Delete a ref; 422 when it is missing, the default branch, or protected."""
    require(world, actor, repo, "contents", "write")
    before = repo.git.ref(name)
    if before is None:
        raise invalid("Reference does not exist")
    branch = name.removeprefix("heads/")
    if name == f"heads/{repo.default_branch}" or branch in repo.protections:
        raise invalid("Cannot delete this protected branch")
    move(world, repo, name, before, None, who(actor))


def guard_push(repo: Repository, name: str, sha: str, *, force: bool = False) -> None:
    """Refuse (422) a direct push that the branch's protection forbids."""
    rules = repo.protections.get(name.removeprefix("heads/")) if name.startswith("heads/") else None
    if name.startswith("heads/") and name.removeprefix("heads/") in repo.queues:
        raise invalid("Changes must be made through the merge queue")
    if rules is None:
        return
    if force:
        raise invalid("Cannot force-push to this protected branch")
    if rules.block_push or rules.reviews:
        raise invalid("Changes must be made through a pull request.")
    problem = missing_checks(repo, rules, sha)
    if problem:
        raise invalid(problem)


def commit_on_branch(
    world: World,
    actor: Actor,
    repo: Repository,
    branch: str,
    message: str,
    additions: dict[str, bytes],
    deletions: list[str],
    expected_head: str,
) -> str:
    """One verified commit on a branch (GraphQL ``createCommitOnBranch``); the new sha.

    ``Refused`` with kind STALE_DATA when the branch is elsewhere, NOT_FOUND when there is none.
    """
    require(world, actor, repo, "contents", "write")
    head = repo.git.ref(f"heads/{branch}")
    if head is None:
        raise Refused(404, f"Branch '{branch}' not found", kind="NOT_FOUND")
    if head != expected_head:
        raise Refused(
            409,
            f'Expected branch to point to "{expected_head}" but it did not. Pull and try again.',
            kind="STALE_DATA",
        )
    files: dict[str, bytes | None] = {**additions, **dict.fromkeys(deletions)}
    check_workflow_files(actor, list(files))
    try:
        sha = repo.git.commit_files(head, files, message, person(world, who(actor)), web_flow(world))
    except KeyError as missing:
        raise Refused(422, f"A path was requested for deletion which does not exist: {missing}") from missing
    guard_push(repo, f"heads/{branch}", sha)
    repo.verified.add(sha)
    move(world, repo, f"heads/{branch}", head, sha, who(actor))
    return sha


def check_workflow_files(actor: Actor, paths: list[str]) -> None:
    """An App needs ``workflows: write`` to touch ``.github/workflows``."""
    touched = any(path.startswith(".github/workflows/") for path in paths)
    allowed = actor.token is None or actor.installation is None or "workflows" in actor.token.permissions
    if touched and not allowed:
        raise Refused(403, "Resource not accessible by integration")


def create_commit(
    world: World,
    actor: Actor,
    repo: Repository,
    message: str,
    tree: str,
    parents: list[str],
    author: Person | None = None,
    committer: Person | None = None,
) -> str:
    """A commit object (REST ``git/commits``). Verified only when neither author nor committer was given."""
    require(world, actor, repo, "contents", "write")
    if not repo.git.has(tree, "tree"):
        raise invalid("Tree SHA does not exist")
    if not all(repo.git.has(parent) for parent in parents):
        raise invalid("Parent SHA does not exist or is not a commit object")
    ours = author is None and committer is None
    writer = author or person(world, who(actor))
    sha = repo.git.write_commit(
        tree, parents, message, writer, committer or (web_flow(world) if ours else writer)
    )
    if ours and actor.installation is not None:
        repo.verified.add(sha)
    return sha


def create_tree(
    world: World,
    actor: Actor,
    repo: Repository,
    base_tree: str | None,
    changes: dict[str, tuple[str, str] | None],
) -> str:
    """A tree object from ``{path: (mode, sha) | None}`` on ``base_tree``; its sha."""
    require(world, actor, repo, "contents", "write")
    if base_tree and not (repo.git.has(base_tree, "tree") or repo.git.has(base_tree)):
        raise not_found()
    check_workflow_files(actor, list(changes))
    for path, change in changes.items():
        if not re.fullmatch(r"(?!/)[^\0]+(?<!/)", path) or any(
            p in ("", ".", "..", ".git") for p in path.split("/")
        ):
            raise invalid("tree.path contains a malformed path component")
        if change and change[0] != "160000" and not repo.git.repo.get(change[1]):
            raise invalid(f"tree.sha {change[1]} is not a valid sha")
    try:
        return repo.git.write_tree(base_tree, changes)
    except KeyError as missing:
        raise invalid("GitRPC::BadObjectState") from missing


def move(
    world: World, repo: Repository, name: str, before: str | None, after: str | None, pusher: Account
) -> None:
    """Move a ref without asking, and let follow what follows a push: events, suites, pull requests."""
    try:
        if after is None:
            repo.git.delete_ref(name)
        else:
            repo.git.set_ref(name, after)
    except (pygit2.GitError, ValueError) as bad:
        raise invalid("Reference update failed") from bad
    repo.pushed_at = world.clock.now()
    forced = bool(before and after and not repo.git.is_ancestor(before, after))
    world.emit(
        "push",
        None,
        repo,
        pusher,
        ref=f"refs/{name}",
        before=before or ZERO,
        after=after or ZERO,
        forced=forced,
    )
    if not name.startswith("heads/"):
        return
    branch = name.removeprefix("heads/")
    if after is not None:
        _request_suites(world, repo, branch, before, after, pusher)
    for other in list(world.repositories.values()):
        for pull in other.pulls:
            if pull.state == "open" and pull.head_repo is repo and pull.head_ref == branch:
                _head_moved(world, pull, after, pusher)
            if pull.state == "open" and pull.repo is repo and pull.base_ref == branch:
                _base_moved(world, pull, after, pusher)


def _request_suites(
    world: World, repo: Repository, branch: str, before: str | None, after: str, pusher: Account
) -> None:
    for installation in world.installations.values():
        if covers(installation, repo) and installation.permissions.get("checks") == "write":
            known = any(s.app is installation.app and s.head_sha == after for s in repo.suites.values())
            if not known:
                made = suite_of(world, repo, installation.app.id, after, branch)
                world.emit("check_suite", "requested", repo, pusher, only_app=made.app, suite=made)


def suite_of(world: World, repo: Repository, app_id: int, sha: str, branch: str | None = None) -> CheckSuite:
    """The App's check suite on a commit, made when there is none."""
    for suite in repo.suites.values():
        if suite.app.id == app_id and suite.head_sha == sha:
            return suite
    if branch is None:
        heads = repo.git.refs("heads/")
        branch = next((n.removeprefix("heads/") for n, tip in heads.items() if tip == sha), None)
    now = world.clock.now()
    suite = CheckSuite(
        repo=repo, app=world.apps[app_id], head_sha=sha, head_branch=branch, created_at=now, updated_at=now
    )
    world.register("CS", suite)
    repo.suites[suite.id] = suite
    return suite


def _head_moved(world: World, pull: Pull, after: str | None, pusher: Account) -> None:
    if after is None:
        shut(world, pull, pusher)
        return
    before, pull.head_sha = pull.head_sha, after
    pull.previous_heads.append(before)
    pull.updated_at = world.clock.now()
    rules = pull.repo.protections.get(pull.base_ref, Protection())
    world.emit("pull_request", "synchronize", pull.repo, pusher, pull=pull, before=before, after=after)
    if rules.dismiss_stale:
        for review in pull.reviews:
            if review.state == "APPROVED":
                review.state = "DISMISSED"
                world.emit("pull_request_review", "dismissed", pull.repo, pusher, pull=pull, review=review)
    base = pull.repo.git.ref(f"heads/{pull.base_ref}")
    if base and pull.repo.git.is_ancestor(after, base):
        shut(world, pull, pusher)


def _base_moved(world: World, pull: Pull, after: str | None, pusher: Account) -> None:
    if after is None:
        shut(world, pull, pusher)
        return
    pull.base_sha = after
    if pull.repo.git.is_ancestor(pull.head_sha, after):
        pull.merged_at, pull.merged_by, pull.merge_commit_sha = world.clock.now(), pusher, after
        shut(world, pull, pusher)


def shut(world: World, pull: Pull, by: Account) -> None:
    """Close a pull request and say so."""
    pull.state, pull.closed_at, pull.closed_by = "closed", world.clock.now(), by
    pull.updated_at = pull.closed_at
    world.emit("pull_request", "closed", pull.repo, by, pull=pull)
