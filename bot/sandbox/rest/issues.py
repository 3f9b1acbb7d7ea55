"""Issues, labels, comments and reactions."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from bot.sandbox import actions
from bot.sandbox.access import require_any
from bot.sandbox.errors import Refused, invalid, not_found
from bot.sandbox.represent import pulls
from bot.sandbox.rest.common import (
    actor,
    body,
    find,
    listed,
    needed,
    nothing,
    reply,
    repo,
    repository_routes,
    world,
)
from bot.sandbox.state import Comment, Issue, Label, Pull, Reaction, Repository

routes = repository_routes("issues")


def _issue(number: int) -> Issue:
    found = repo()
    issue = find(found.issues, number)
    needs = ["issues", "pull_requests"] if isinstance(issue, Pull) else ["issues"]
    require_any(world(), actor(), found, needs, "read")
    return issue


def _comment(number: int) -> Comment:
    found: Repository = repo()
    require_any(world(), actor(), found, ["issues", "pull_requests"], "read")
    return find(found.comments, number)


def _labels(issue: Issue, labels: list[Label]) -> Response:
    return reply([pulls.label(world(), issue.repo, label) for label in labels])


def _names() -> list[str]:
    """``{"labels": [...]}`` or a bare list, of names or ``{"name": …}``."""
    raw: Any = request.get_json(silent=True)
    items = raw.get("labels", []) if isinstance(raw, dict) else raw
    if not isinstance(items, list):
        raise invalid("labels is not an array")
    return [item["name"] if isinstance(item, dict) else str(item) for item in items]


@routes.get("/issues")
def list_issues() -> Response:
    """GET …/issues by ``state``, ``labels``, ``creator``; pull requests are among them."""
    found, args = repo("issues"), request.args
    chosen = [i for i in found.issues.values() if args.get("state", "open") in (i.state, "all")]
    for name in filter(None, args.get("labels", "").split(",")):
        chosen = [i for i in chosen if name.lower() in [one.name.lower() for one in i.labels]]
    if args.get("creator"):
        chosen = [i for i in chosen if i.user.login == args["creator"]]
    return listed(chosen[::-1], lambda i: pulls.issue(world(), i))


@routes.post("/issues")
def create_issue() -> Response:
    """POST …/issues"""
    sent = body()
    (title,) = needed(sent, "title")
    labels = [str(name) for name in sent.get("labels") or []]
    made = actions.open_issue(world(), actor(), repo(), title, sent.get("body"), labels)
    return reply(pulls.issue(world(), made), 201)


@routes.get("/issues/<int:number>")
def get_issue(number: int) -> Response:
    """GET …/issues/{issue_number}"""
    return reply(pulls.issue(world(), _issue(number)))


@routes.patch("/issues/<int:number>")
def update_issue(number: int) -> Response:
    """PATCH …/issues/{issue_number}"""
    issue, sent = _issue(number), body()
    fields = {key: sent[key] for key in ("title", "body", "state") if key in sent}
    if isinstance(issue, Pull):
        actions.update_pull(world(), actor(), issue, **fields)
    elif fields:
        reason = sent.get("state_reason")
        actions.update_issue(world(), actor(), issue, state_reason=reason, **fields)
    if "labels" in sent:
        actions.set_labels(world(), actor(), issue, _names())
    return reply(pulls.issue(world(), issue))


@routes.get("/issues/<int:number>/labels")
def list_issue_labels(number: int) -> Response:
    """GET …/issues/{issue_number}/labels"""
    issue = _issue(number)
    return listed(issue.labels, lambda label: pulls.label(world(), issue.repo, label))


@routes.post("/issues/<int:number>/labels")
def add_labels(number: int) -> Response:
    """POST …/issues/{issue_number}/labels"""
    issue = _issue(number)
    return _labels(issue, actions.add_labels(world(), actor(), issue, _names()))


@routes.put("/issues/<int:number>/labels")
def set_labels(number: int) -> Response:
    """PUT …/issues/{issue_number}/labels"""
    issue = _issue(number)
    return _labels(issue, actions.set_labels(world(), actor(), issue, _names()))


@routes.delete("/issues/<int:number>/labels/<path:name>")
def remove_label(number: int, name: str) -> Response:
    """DELETE …/issues/{issue_number}/labels/{name}"""
    issue = _issue(number)
    return _labels(issue, actions.remove_label(world(), actor(), issue, name))


@routes.get("/labels")
def list_labels() -> Response:
    """GET …/labels"""
    found = repo("issues")
    return listed(list(found.labels.values()), lambda label: pulls.label(world(), found, label))


@routes.post("/labels")
def create_label() -> Response:
    """POST …/labels"""
    found, sent = repo(), body()
    (name,) = needed(sent, "name")
    color, text = sent.get("color") or "ededed", sent.get("description")
    label = actions.create_label(world(), actor(), found, name, color, text)
    return reply(pulls.label(world(), found, label), 201)


def _label(name: str) -> Label:
    found = repo()
    require_any(world(), actor(), found, ["issues", "pull_requests"], "read")
    label = found.labels.get(name.lower())
    if label is None:
        raise not_found()
    return label


@routes.get("/labels/<path:name>")
def get_label(name: str) -> Response:
    """GET …/labels/{name}"""
    label = _label(name)
    return reply(pulls.label(world(), repo(), label))


@routes.patch("/labels/<path:name>")
def update_label(name: str) -> Response:
    """PATCH …/labels/{name}"""
    label, found, sent = _label(name), repo("issues", "write"), body()
    del found.labels[label.name.lower()]
    label.name = sent.get("new_name") or label.name
    label.color = (sent.get("color") or label.color).lstrip("#")
    label.description = sent.get("description", label.description)
    found.labels[label.name.lower()] = label
    return reply(pulls.label(world(), found, label))


@routes.delete("/labels/<path:name>")
def delete_label(name: str) -> Response:
    """DELETE …/labels/{name}"""
    label, found = _label(name), repo("issues", "write")
    del found.labels[label.name.lower()]
    for issue in found.issues.values():
        issue.labels = [one for one in issue.labels if one is not label]
    return nothing()


@routes.get("/issues/<int:number>/comments")
def list_comments(number: int) -> Response:
    """GET …/issues/{issue_number}/comments, oldest first"""
    return listed(_issue(number).comments, lambda c: pulls.comment(world(), c))


@routes.post("/issues/<int:number>/comments")
def create_comment(number: int) -> Response:
    """POST …/issues/{issue_number}/comments"""
    (text,) = needed(body(), "body")
    made = actions.comment(world(), actor(), _issue(number), text)
    return reply(pulls.comment(world(), made), 201)


@routes.get("/issues/comments/<int:number>")
def get_comment(number: int) -> Response:
    """GET …/issues/comments/{comment_id}"""
    return reply(pulls.comment(world(), _comment(number)))


@routes.patch("/issues/comments/<int:number>")
def update_comment(number: int) -> Response:
    """PATCH …/issues/comments/{comment_id}"""
    (text,) = needed(body(), "body")
    made = actions.edit_comment(world(), actor(), _comment(number), text)
    return reply(pulls.comment(world(), made))


@routes.delete("/issues/comments/<int:number>")
def delete_comment(number: int) -> Response:
    """DELETE …/issues/comments/{comment_id}"""
    actions.delete_comment(world(), actor(), _comment(number))
    return nothing()


def _react(subject: Comment | Issue) -> Response:
    (content,) = needed(body(), "content")
    made, new = actions.react(world(), actor(), subject, content)
    return reply(pulls.reaction(world(), made), 201 if new else 200)


def _unreact(subject: Comment | Issue, number: int) -> Response:
    mine: list[Reaction] = [r for r in subject.reactions if r.id == number]
    if not mine:
        raise not_found()
    if mine[0].user is not actor().account:
        raise Refused(403, "Resource not accessible by integration")
    subject.reactions.remove(mine[0])
    return nothing()


@routes.get("/issues/comments/<int:number>/reactions")
def list_comment_reactions(number: int) -> Response:
    """GET …/issues/comments/{comment_id}/reactions"""
    return listed(_comment(number).reactions, lambda r: pulls.reaction(world(), r))


@routes.post("/issues/comments/<int:number>/reactions")
def react_to_comment(number: int) -> Response:
    """POST …/issues/comments/{comment_id}/reactions"""
    return _react(_comment(number))


@routes.delete("/issues/comments/<int:number>/reactions/<int:reaction>")
def unreact_comment(number: int, reaction: int) -> Response:
    """DELETE …/issues/comments/{comment_id}/reactions/{reaction_id}"""
    return _unreact(_comment(number), reaction)


@routes.get("/issues/<int:number>/reactions")
def list_issue_reactions(number: int) -> Response:
    """GET …/issues/{issue_number}/reactions"""
    return listed(_issue(number).reactions, lambda r: pulls.reaction(world(), r))


@routes.post("/issues/<int:number>/reactions")
def react_to_issue(number: int) -> Response:
    """POST …/issues/{issue_number}/reactions"""
    return _react(_issue(number))
