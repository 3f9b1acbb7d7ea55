"""Repositories, branches, files, commits, comparisons, collaborators and rules."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from flask import Response, request

from bot.sandbox.access import may, who
from bot.sandbox.actions.refs import check_workflow_files, guard_push, move, person, web_flow
from bot.sandbox.errors import Refused, invalid, not_found
from bot.sandbox.represent import accounts, owners, pulls, repos
from bot.sandbox.rest.common import (
    actor,
    body,
    commit_of,
    listed,
    needed,
    nothing,
    reply,
    repo,
    repository_routes,
    world,
)
from bot.sandbox.state import ROLES, Repository

routes = repository_routes("repos")
RAW = "application/vnd.github.raw"


@routes.get("")
def get_repository() -> Response:
    """GET /repos/{owner}/{repo}"""
    found = repo()
    rights = {
        "admin": may(world(), actor(), found, "administration", "write", "admin"),
        "maintain": False,
        "push": may(world(), actor(), found, "contents", "write"),
        "triage": may(world(), actor(), found, "issues", "write", "triage"),
        "pull": True,
    }
    return reply(repos.full(world(), found, rights))


@routes.get("/branches/<path:branch>/protection")
def get_protection(branch: str) -> Response:
    """GET …/branches/{branch}/protection"""
    found = repo("administration", "read", "admin")
    if branch not in found.protections:
        raise Refused(404, "Branch not protected")
    return reply(repos.protection(world(), found, branch))


@routes.get("/branches/<path:branch>")
def get_branch(branch: str) -> Response:
    """GET …/branches/{branch}"""
    found = repo("contents")
    sha = found.git.ref(f"heads/{branch}")
    if sha is None:
        raise Refused(404, "Branch not found")
    return reply(repos.branch(world(), found, branch, sha))


def _rules(found: Repository, branch: str) -> list[dict[str, Any]]:
    rules = found.protections.get(branch)
    if rules is None:
        return []
    made: list[dict[str, Any]] = []
    if rules.block_push or rules.reviews:
        parameters: dict[str, Any] = {
            "dismiss_stale_reviews_on_push": rules.dismiss_stale,
            "require_code_owner_review": False,
            "require_last_push_approval": False,
            "required_approving_review_count": rules.reviews,
            "required_review_thread_resolution": False,
        }
        made.append({"type": "pull_request", "parameters": parameters})
    if rules.checks:
        checks = [
            {"context": context} | ({"integration_id": app} if app else {}) for context, app in rules.checks
        ]
        parameters = {
            "required_status_checks": checks,
            "strict_required_status_checks_policy": rules.strict,
        }
        made.append({"type": "required_status_checks", "parameters": parameters})
    return made


@routes.get("/rules/branches/<path:branch>")
def get_branch_rules(branch: str) -> Response:
    """GET …/rules/branches/{branch}"""
    found = repo()
    origin = {"ruleset_source_type": "Repository", "ruleset_source": found.full_name}
    return listed(_rules(found, branch), lambda rule: {**rule, **origin, "ruleset_id": found.id})


def _ruleset(found: Repository, branch: str, *, whole: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": found.id,
        "name": f"protect {branch}",
        "target": "branch",
        "source_type": "Repository",
        "source": found.full_name,
        "enforcement": "active",
        "created_at": accounts.stamp(found.created_at),
        "updated_at": accounts.stamp(found.created_at),
    }
    if whole:
        made["rules"] = _rules(found, branch)
        made["conditions"] = {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}}
    return made


@routes.get("/rulesets")
def list_rulesets() -> Response:
    """GET …/rulesets"""
    found = repo()
    return listed(list(found.protections), lambda branch: _ruleset(found, branch, whole=False))


@routes.get("/rulesets/<int:number>")
def get_ruleset(number: int) -> Response:
    """GET …/rulesets/{ruleset_id}"""
    found = repo()
    if number != found.id or not found.protections:
        raise not_found()
    return reply(_ruleset(found, next(iter(found.protections)), whole=True))


@routes.get("/contents", defaults={"path": ""})
@routes.get("/contents/<path:path>")
def get_content(path: str) -> Response:
    """GET …/contents/{path}: a file, a directory, a symlink or a submodule; ``raw`` gives the bytes."""
    found = repo("contents")
    ref = request.args.get("ref") or found.default_branch
    sha = found.git.resolve(ref)
    if sha is None:
        raise Refused(404, f"No commit found for the ref {ref}")
    entry = found.git.entry(sha, path)
    if entry is not None and entry.mode == "120000":
        entry = found.git.follow(sha, entry)
    if entry is None:
        raise not_found()
    if entry.kind == "tree":
        under = f"{entry.path}/" if entry.path else ""
        children = found.git.entries(entry.sha, under=under)
        return reply([repos.content(world(), found, ref, child, listed=True) for child in children])
    if entry.kind == "blob" and RAW in request.headers.get("Accept", "").replace(".v3", ""):
        return Response(found.git.blob(entry.sha), content_type=f"{RAW}; charset=utf-8")
    return reply(repos.content(world(), found, ref, entry))


def _content_change(path: str, *, delete: bool) -> Response:
    found, sent = repo("contents", "write"), body()
    (message,) = needed(sent, "message")
    branch = sent.get("branch") or found.default_branch
    head = found.git.ref(f"heads/{branch}")
    if head is None:
        raise Refused(404, f"Branch {branch} not found")
    old = found.git.entry(head, path)
    if old is not None and sent.get("sha") is None:
        raise invalid('Invalid request.\n\n"sha" wasn\'t supplied.')
    if (old.sha if old else None) != sent.get("sha"):
        raise Refused(409, f"{path} does not match {sent.get('sha')}")
    check_workflow_files(actor(), [path])
    data = None if delete else base64.b64decode(needed(sent, "content")[0])
    account = actor().account
    writer = person(world(), account) if account else web_flow(world())
    sha = found.git.commit_files(head, {path: data}, message, writer, web_flow(world()))
    guard_push(found, f"heads/{branch}", sha)
    if actor().installation is not None:
        found.verified.add(sha)
    move(world(), found, f"heads/{branch}", head, sha, account or found.owner)
    entry = None if delete else found.git.entry(sha, path)
    content = repos.content(world(), found, branch, entry, listed=True) if entry else None
    commit = repos.git_commit(world(), found, sha)
    return reply({"content": content, "commit": commit}, 200 if old else 201)


@routes.put("/contents/<path:path>")
def put_content(path: str) -> Response:
    """PUT …/contents/{path}"""
    return _content_change(path, delete=False)


@routes.delete("/contents/<path:path>")
def delete_content(path: str) -> Response:
    """DELETE …/contents/{path}"""
    return _content_change(path, delete=True)


@routes.get("/commits")
def list_commits() -> Response:
    """GET …/commits, by ``sha``, ``path``, ``since``, ``until``."""
    found = repo("contents")
    start = found.git.resolve(request.args.get("sha") or found.default_branch)
    if start is None:
        raise not_found()
    shas = found.git.log(start, path=request.args.get("path"))
    since, until = request.args.get("since"), request.args.get("until")
    if since:
        earliest = datetime.fromisoformat(since).timestamp()
        shas = [s for s in shas if found.git.commit(s).commit_time >= earliest]
    if until:
        latest = datetime.fromisoformat(until).timestamp()
        shas = [s for s in shas if found.git.commit(s).commit_time <= latest]
    return listed(shas, lambda sha: repos.commit(world(), found, sha))


@routes.get("/commits/<sha>/pulls")
def list_pulls_of_commit(sha: str) -> Response:
    """GET …/commits/{commit_sha}/pulls"""
    found = repo("pull_requests")
    wanted = commit_of(found, sha)
    shown = []
    for pull in found.pulls:
        base, head = pulls.compared(pull)
        if wanted in found.git.log(head, hide=base) or wanted == pull.merge_commit_sha:
            shown.append(pull)
    return listed(shown, lambda pull: pulls.pull_simple(world(), pull))


@routes.get("/commits/<path:ref>")
def get_commit(ref: str) -> Response:
    """GET …/commits/{ref}"""
    found = repo("contents")
    sha = commit_of(found, ref)
    if "sha" in request.headers.get("Accept", "").split("vnd.github.")[-1].split("+")[0]:
        return Response(sha, content_type="application/vnd.github.sha; charset=utf-8")
    return reply(repos.commit(world(), found, sha, files=True))


@routes.get("/compare/<path:basehead>")
def compare(basehead: str) -> Response:
    """GET …/compare/{base}...{head} (``owner:branch`` for a fork)."""
    found = repo("contents")
    one, dots, two = basehead.partition("...")
    ends = [_end(found, name) for name in (one, two)]
    if not dots or None in ends:
        raise not_found()
    base, head = str(ends[0]), str(ends[1])
    git = found.git
    root = git.merge_base(base, head)
    if root is None:
        raise Refused(404, f"No common ancestor between {one} and {two}.")
    ahead, behind = git.ahead_behind(base, head)
    status = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind"}
    shas = git.log(head, hide=base)[::-1]
    api = f"{repos.api(world(), found)}/compare/{basehead}"
    page = f"{repos.html(world(), found)}/compare/{basehead}"
    size = min(max(int(request.args.get("per_page", "250")), 1), 250)
    start = (max(int(request.args.get("page", "1")), 1) - 1) * size
    return reply(
        {
            "url": api,
            "html_url": page,
            "permalink_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "base_commit": repos.commit(world(), found, base),
            "merge_base_commit": repos.commit(world(), found, root),
            "status": status.get((ahead > 0, behind > 0), "identical"),
            "ahead_by": ahead,
            "behind_by": behind,
            "total_commits": len(shas),
            "commits": [repos.commit(world(), found, sha) for sha in shas[start : start + size]],
            "files": [repos.diff_entry(world(), found, head, d) for d in git.diff(root, head)[:300]],
        }
    )


def _end(found: Repository, name: str) -> str | None:
    owner, colon, branch = name.rpartition(":")
    if not colon or owner.lower() == found.owner.login.lower():
        return found.git.resolve(branch)
    forks = [r for r in world().repositories.values() if r.parent is found]
    fork = next((r for r in forks if r.owner.login.lower() == owner.lower()), None)
    return fork.git.resolve(branch) if fork else None


@routes.get("/collaborators/<login>/permission")
def get_permission(login: str) -> Response:
    """GET …/collaborators/{username}/permission: the old four words, and ``role_name``."""
    found, account = repo(), world().account(login)
    role = world().role(login, found)
    level = ROLES.index(role)
    coarse = {"triage": "read", "maintain": "write"}.get(role, role)
    rights = {"pull": level > 0, "triage": level > 1, "push": level > 2, "maintain": level > 3}
    user = accounts.user(world(), account)
    user |= {"role_name": role, "permissions": {**rights, "admin": level > 4}}
    return reply({"permission": coarse, "role_name": role, "user": user})


@routes.get("/codeowners/errors")
def codeowners_errors() -> Response:
    """GET …/codeowners/errors"""
    found = repo("contents")
    sha = commit_of(found, request.args.get("ref") or found.default_branch)
    return reply({"errors": owners.errors(world(), found, sha)})


@routes.get("/teams")
def list_teams() -> Response:
    """GET …/teams"""
    found = repo("administration", "read", "read")
    mine = [t for t in world().teams.values() if found.id in t.grants]
    return listed(mine, lambda team: accounts.team(world(), team, found))


@routes.post("/dispatches")
def dispatch() -> Response:
    """POST …/dispatches: recorded in ``world.dispatches``, and sent to Apps with whoever asked as its sender.

    https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event
    """
    found, sent = repo("contents", "write"), body()
    (kind,) = needed(sent, "event_type")
    payload = sent.get("client_payload") or {}
    if not isinstance(kind, str) or not 0 < len(kind) <= 100:
        raise invalid("event_type is too long (maximum is 100 characters)")
    if not isinstance(payload, dict) or len(payload) > 10:
        raise invalid("No more than 10 properties are allowed; client_payload has more.")
    world().dispatches.append((found.full_name, kind, payload))
    world().emit("repository_dispatch", kind, found, who(actor()), client_payload=payload)
    return nothing()
