"""Opening and changing pull requests."""

from __future__ import annotations

from typing import Any

from bot.sandbox.access import may, require, visible, who
from bot.sandbox.actions.refs import shut
from bot.sandbox.errors import Refused, invalid
from bot.sandbox.state import Account, Actor, Pull, Repository, Team, World

LONGEST_TITLE = 256
LONGEST_BODY = 65536


def check_text(resource: str, title: str | None, body: str | None) -> None:
    """422 for an empty or too long title and a body over 65,536 characters."""
    if title is not None and not title.strip():
        raise invalid("title can't be blank", resource=resource, field="title", code="missing_field")
    if title is not None and len(title) > LONGEST_TITLE:
        text = f"title is too long (maximum is {LONGEST_TITLE} characters)"
        raise invalid(text, resource=resource, field="title", code="custom")
    if body is not None and len(body) > LONGEST_BODY:
        text = f"body is too long (maximum is {LONGEST_BODY} characters)"
        raise invalid(text, resource=resource, field="body", code="custom")


def find_head(world: World, actor: Actor, repo: Repository, head: str) -> tuple[Repository, str]:
    """``branch`` or ``owner:branch`` → repository and branch; 422 when there is none that may be seen."""
    owner, colon, branch = head.rpartition(":")
    if not colon or owner.lower() == repo.owner.login.lower():
        return repo, branch
    for other in world.repositories.values():
        related = other.parent is repo or repo.parent is other
        if other.owner.login.lower() == owner.lower() and related and visible(world, actor, other):
            return other, branch
    raise invalid("head is invalid", resource="PullRequest", field="head", code="invalid")


def open_pull(
    world: World,
    actor: Actor,
    repo: Repository,
    *,
    title: str,
    head: str,
    base: str,
    body: str | None = None,
    draft: bool = False,
    maintainer_can_modify: bool = True,
) -> Pull:
    """Open a pull request; 422 as GitHub for a missing branch, no commits between, or one already open."""
    require(world, actor, repo, "pull_requests", "write", role="read")
    check_text("PullRequest", title, body)
    head_repo, branch = find_head(world, actor, repo, head)
    head_sha = head_repo.git.ref(f"heads/{branch}")
    base_sha = repo.git.ref(f"heads/{base}")
    if head_sha is None:
        raise invalid("head is invalid", resource="PullRequest", field="head", code="invalid")
    if base_sha is None:
        raise invalid("base is invalid", resource="PullRequest", field="base", code="invalid")
    for other in repo.pulls:
        same = other.head_repo is head_repo and other.head_ref == branch and other.base_ref == base
        if other.state == "open" and same:
            label = f"{head_repo.owner.login}:{branch}"
            text = f"A pull request already exists for {label}."
            raise invalid(text, resource="PullRequest", code="custom")
    if repo.git.is_ancestor(head_sha, base_sha):
        text = f"No commits between {base} and {head}"
        raise invalid(text, resource="PullRequest", code="custom")
    now = world.clock.now()
    pull = Pull(
        repo=repo,
        number=len(repo.issues) + 1,
        title=title,
        body=body,
        user=who(actor),
        app=actor.app,
        created_at=now,
        updated_at=now,
        base_ref=base,
        base_sha=base_sha,
        head_repo=head_repo,
        head_ref=branch,
        head_sha=head_sha,
        draft=draft,
        maintainer_can_modify=maintainer_can_modify and head_repo is not repo,
    )
    world.register("PR", pull)
    repo.issues[pull.number] = pull
    world.emit("pull_request", "opened", repo, pull.user, pull=pull)
    return pull


def update_pull(
    world: World,
    actor: Actor,
    pull: Pull,
    *,
    title: str | None = None,
    body: str | None = None,
    state: str | None = None,
    base: str | None = None,
) -> Pull:
    """Change title, body, base or state; ``edited`` for the texts, ``closed``/``reopened`` for state."""
    own = actor.account is pull.user
    require(world, actor, pull.repo, "pull_requests", "write", role="read" if own else "triage")
    check_text("PullRequest", title, body)
    changes: dict[str, Any] = {}
    if title is not None and title != pull.title:
        changes["title"], pull.title = {"from": pull.title}, title
    if body is not None and body != (pull.body or ""):
        changes["body"], pull.body = {"from": pull.body or ""}, body
    if base is not None and base != pull.base_ref:
        changes["base"] = _retarget(pull, base)
    if changes:
        pull.updated_at = world.clock.now()
        world.emit("pull_request", "edited", pull.repo, who(actor), pull=pull, changes=changes)
    if state == "closed":
        close_pull(world, actor, pull)
    elif state == "open":
        reopen_pull(world, actor, pull)
    return pull


def _retarget(pull: Pull, base: str) -> dict[str, Any]:
    sha = pull.repo.git.ref(f"heads/{base}")
    if sha is None or pull.state != "open":
        text = f"Proposed base branch '{base}' was not found"
        raise invalid(text, resource="PullRequest", field="base", code="invalid")
    old = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
    pull.base_ref, pull.base_sha = base, sha
    return old


def close_pull(world: World, actor: Actor, pull: Pull) -> None:
    """Close without merging; quiet when it is closed already."""
    own = actor.account is pull.user
    require(world, actor, pull.repo, "pull_requests", "write", role="read" if own else "triage")
    if pull.state == "open":
        shut(world, pull, who(actor))


def reopen_pull(world: World, actor: Actor, pull: Pull) -> None:
    """Open again; 422 when it was merged or its branch is gone."""
    own = actor.account is pull.user
    require(world, actor, pull.repo, "pull_requests", "write", role="read" if own else "triage")
    if pull.state == "open":
        return
    head = pull.head_repo.git.ref(f"heads/{pull.head_ref}")
    if pull.merged or head is None:
        why = "The pull request cannot be reopened." if pull.merged else "The head branch was deleted."
        text = f"state cannot be changed. {why}"
        raise invalid(text, resource="PullRequest", field="state", code="invalid")
    pull.state, pull.closed_at, pull.closed_by = "open", None, None
    pull.head_sha, pull.base_sha = head, pull.repo.git.ref(f"heads/{pull.base_ref}") or pull.base_sha
    pull.updated_at = world.clock.now()
    world.emit("pull_request", "reopened", pull.repo, who(actor), pull=pull)


def set_draft(world: World, actor: Actor, pull: Pull, draft: bool) -> None:
    """Convert to draft, or mark ready for review (GraphQL only, as on GitHub)."""
    require(world, actor, pull.repo, "pull_requests", "write")
    if pull.draft != draft:
        pull.draft, pull.updated_at = draft, world.clock.now()
        action = "converted_to_draft" if draft else "ready_for_review"
        world.emit("pull_request", action, pull.repo, who(actor), pull=pull)


def request_reviews(world: World, actor: Actor, pull: Pull, people: list[str], teams: list[str]) -> Pull:
    """Ask people (logins) and teams (slugs) to review; 422 for the author or somebody who cannot see it."""
    require(world, actor, pull.repo, "pull_requests", "write", role="triage")
    for login in people:
        account: Account | None = world.accounts.get(login.lower())
        if account is pull.user:
            raise Refused(422, "Review cannot be requested from pull request author.")
        if account is None or world.role(login, pull.repo) == "none":
            raise Refused(422, "Reviews may only be requested from collaborators.")
        if account not in pull.requested_reviewers:
            pull.requested_reviewers.append(account)
            world.emit("pull_request", "review_requested", pull.repo, who(actor), pull=pull, reviewer=account)
    for slug in teams:
        team: Team | None = world.teams.get(f"{pull.repo.owner.login}/{slug}".lower())
        if team is None or pull.repo.id not in team.grants:
            raise Refused(422, "Reviews may only be requested from collaborators.")
        if team not in pull.requested_teams:
            pull.requested_teams.append(team)
            world.emit("pull_request", "review_requested", pull.repo, who(actor), pull=pull, team=team)
    return pull


def can_write(world: World, login: str, repo: Repository) -> bool:
    """Whether a person's approval counts there."""
    return world.role(login, repo) in ("write", "maintain", "admin")


def may_see(world: World, actor: Actor, repo: Repository) -> bool:
    """Whether the actor may read pull requests there."""
    return visible(world, actor, repo) and may(world, actor, repo, "pull_requests")
