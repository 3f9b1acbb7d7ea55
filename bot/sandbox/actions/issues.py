"""Issues, labels, comments, reactions, reviews: what is said about a change."""

from __future__ import annotations

from bot.sandbox.access import require, require_any, who
from bot.sandbox.actions.pulls import check_text
from bot.sandbox.errors import Refused, invalid, not_found
from bot.sandbox.state import Actor, Comment, Issue, Label, Pull, Reaction, Repository, Review, World

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
_EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def _needs(issue: Issue) -> list[str]:
    return ["issues", "pull_requests"] if isinstance(issue, Pull) else ["issues"]


def open_issue(
    world: World, actor: Actor, repo: Repository, title: str, body: str | None, labels: list[str]
) -> Issue:
    """Open an issue."""
    require(world, actor, repo, "issues", "write", role="read")
    check_text("Issue", title, body)
    now = world.clock.now()
    issue = Issue(
        repo=repo,
        number=len(repo.issues) + 1,
        title=title,
        body=body,
        user=who(actor),
        app=actor.app,
        created_at=now,
        updated_at=now,
    )
    world.register("I", issue)
    repo.issues[issue.number] = issue
    issue.labels = [_label(world, repo, name) for name in labels]
    return issue


def update_issue(
    world: World,
    actor: Actor,
    issue: Issue,
    *,
    title: str | None = None,
    body: str | None = None,
    state: str | None = None,
    state_reason: str | None = None,
) -> Issue:
    """Change an issue (pull requests go through ``update_pull``)."""
    require(
        world, actor, issue.repo, "issues", "write", role="read" if actor.account is issue.user else "triage"
    )
    check_text("Issue", title, body)
    issue.title = title if title is not None else issue.title
    issue.body = body if body is not None else issue.body
    if state == "closed" and issue.state == "open":
        issue.state, issue.closed_at, issue.closed_by = "closed", world.clock.now(), who(actor)
        issue.state_reason = state_reason or "completed"
    elif state == "open" and issue.state != "open":
        issue.state, issue.closed_at, issue.closed_by, issue.state_reason = "open", None, None, "reopened"
    issue.updated_at = world.clock.now()
    return issue


def create_label(
    world: World,
    actor: Actor,
    repo: Repository,
    name: str,
    color: str = "ededed",
    description: str | None = None,
) -> Label:
    """A new label of the repository; 422 ``already_exists``."""
    require_any(world, actor, repo, ["issues", "pull_requests"], "write")
    if name.lower() in repo.labels:
        raise invalid("Label already exists", resource="Label", field="name", code="already_exists")
    if not name.strip() or len(name) > 50:
        raise invalid("name is invalid", resource="Label", field="name", code="invalid")
    if description is not None and len(description) > 100:
        text = "description is too long (maximum is 100 characters)"
        raise invalid(text, resource="Label", field="description", code="custom")
    return _label(world, repo, name, color.lstrip("#"), description)


def _label(
    world: World, repo: Repository, name: str, color: str = "ededed", description: str | None = None
) -> Label:
    if name.lower() not in repo.labels:
        label = Label(name=name, color=color, description=description)
        repo.labels[name.lower()] = world.register("LA", label)
    return repo.labels[name.lower()]


def add_labels(world: World, actor: Actor, issue: Issue, names: list[str]) -> list[Label]:
    """Put labels on; missing ones are created (grey), as GitHub does; one ``labeled`` event each."""
    require_any(world, actor, issue.repo, _needs(issue), "write")
    for name in names:
        label = _label(world, issue.repo, name)
        if label not in issue.labels:
            issue.labels.append(label)
            _label_event(world, actor, issue, label, "labeled")
    return issue.labels


def remove_label(world: World, actor: Actor, issue: Issue, name: str) -> list[Label]:
    """Take one label off; 404 ``Label does not exist``."""
    require_any(world, actor, issue.repo, _needs(issue), "write")
    label = issue.repo.labels.get(name.lower())
    if label is None or label not in issue.labels:
        raise Refused(404, "Label does not exist")
    issue.labels.remove(label)
    _label_event(world, actor, issue, label, "unlabeled")
    return issue.labels


def set_labels(world: World, actor: Actor, issue: Issue, names: list[str]) -> list[Label]:
    """Replace all labels."""
    wanted = {name.lower() for name in names}
    for label in list(issue.labels):
        if label.name.lower() not in wanted:
            remove_label(world, actor, issue, label.name)
    return add_labels(world, actor, issue, names)


def _label_event(world: World, actor: Actor, issue: Issue, label: Label, action: str) -> None:
    issue.updated_at = world.clock.now()
    if isinstance(issue, Pull):
        world.emit("pull_request", action, issue.repo, who(actor), pull=issue, label=label)


def comment(world: World, actor: Actor, issue: Issue, body: str) -> Comment:
    """Comment on an issue or pull request."""
    require_any(world, actor, issue.repo, _needs(issue), "write")
    if not body.strip():
        raise invalid("body can't be blank", resource="IssueComment", field="body", code="missing_field")
    check_text("IssueComment", None, body)
    now = world.clock.now()
    made = Comment(issue=issue, user=who(actor), app=actor.app, body=body, created_at=now, updated_at=now)
    world.register("IC", made)
    issue.comments.append(made)
    issue.repo.comments[made.id] = made
    issue.updated_at = now
    world.emit("issue_comment", "created", issue.repo, made.user, issue=issue, comment=made)
    return made


def edit_comment(world: World, actor: Actor, old: Comment, body: str) -> Comment:
    """Change a comment's text: one's own, or anybody's with write access."""
    require_any(world, actor, old.issue.repo, _needs(old.issue), "write")
    if actor.installation is None and actor.account is not old.user:
        require(world, actor, old.issue.repo, "issues", "write", role="write")
    check_text("IssueComment", None, body)
    before, old.body, old.updated_at = old.body, body, world.clock.now()
    old.editor = who(actor)
    changes = {"body": {"from": before}}
    world.emit(
        "issue_comment", "edited", old.issue.repo, who(actor), issue=old.issue, comment=old, changes=changes
    )
    return old


def delete_comment(world: World, actor: Actor, old: Comment) -> None:
    """Delete a comment."""
    require_any(world, actor, old.issue.repo, _needs(old.issue), "write")
    if actor.installation is None and actor.account is not old.user:
        require(world, actor, old.issue.repo, "issues", "write", role="write")
    old.issue.comments.remove(old)
    del old.issue.repo.comments[old.id]
    world.nodes.pop(old.node_id, None)
    world.emit("issue_comment", "deleted", old.issue.repo, who(actor), issue=old.issue, comment=old)


def react(world: World, actor: Actor, subject: Comment | Issue, content: str) -> tuple[Reaction, bool]:
    """React; (reaction, whether it is new): the same one twice is quiet, as on GitHub."""
    issue = subject.issue if isinstance(subject, Comment) else subject
    require_any(world, actor, issue.repo, _needs(issue), "write")
    if content not in REACTIONS:
        raise invalid("content is not a reaction", resource="Reaction", field="content", code="invalid")
    for old in subject.reactions:
        if old.user is actor.account and old.content == content:
            return old, False
    made = Reaction(user=who(actor), content=content, created_at=world.clock.now())
    subject.reactions.append(world.register("REA", made))
    return made, True


def review(
    world: World, actor: Actor, pull: Pull, event: str | None, body: str = "", commit_id: str | None = None
) -> Review:
    """Review: APPROVE | REQUEST_CHANGES | COMMENT, or None for a pending one. 422 for one's own approval."""
    require(world, actor, pull.repo, "pull_requests", "write", role="read")
    if event is not None and event not in _EVENTS:
        raise invalid("event is invalid", resource="PullRequestReview", field="event", code="invalid")
    if event in ("APPROVE", "REQUEST_CHANGES") and actor.account is pull.user:
        what = "approve" if event == "APPROVE" else "request changes on"
        raise Refused(422, "Unprocessable Entity", [f"Can not {what} your own pull request"])
    if event in ("COMMENT", "REQUEST_CHANGES") and not body:
        raise Refused(422, "Unprocessable Entity", ["Review body can't be blank"])
    if commit_id is not None and not pull.repo.git.has(commit_id):
        raise Refused(422, "Unprocessable Entity", ["commit_id is not part of the pull request"])
    made = Review(
        pull=pull,
        user=who(actor),
        body=body,
        state=_EVENTS[event] if event else "PENDING",
        commit_id=commit_id or pull.head_sha,
        submitted_at=world.clock.now() if event else None,
    )
    world.register("PRR", made)
    pull.reviews.append(made)
    pull.updated_at = world.clock.now()
    if event:
        pull.requested_reviewers = [a for a in pull.requested_reviewers if a is not made.user]
        world.emit("pull_request_review", "submitted", pull.repo, made.user, pull=pull, review=made)
    return made


def dismiss_review(world: World, actor: Actor, pull: Pull, number: int, message: str) -> Review:
    """Dismiss a review; 422 unless it approves or asks for changes."""
    require(world, actor, pull.repo, "pull_requests", "write")
    found = next((r for r in pull.reviews if r.id == number), None)
    if found is None:
        raise not_found()
    if found.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise Refused(422, "Unprocessable Entity", ["Can not dismiss a dismissed or commented review"])
    found.state = "DISMISSED"
    world.emit("pull_request_review", "dismissed", pull.repo, who(actor), pull=pull, review=found)
    return found
