"""Comments, reactions and issues."""

from __future__ import annotations

from typing import Any

from bot.sandbox import actions
from bot.sandbox.access import require_any
from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import Context
from bot.sandbox.graphql.mutations import Input, mutation, refuse_inputs
from bot.sandbox.graphql.mutations.pulls import names_of
from bot.sandbox.graphql.page import Edge
from bot.sandbox.graphql.talk import CONTENTS, MINIMIZED
from bot.sandbox.state import Comment, Issue, Reaction, Repository


@mutation("addComment")
def add_comment(context: Context, asked: Input) -> dict[str, Any]:
    """Comment on an issue or pull request."""
    issue: Issue = context.expect(asked["subjectId"], Issue)
    made = actions.comment(context.world, context.actor, issue, asked["body"])
    return {"commentEdge": Edge(node=made), "timelineEdge": Edge(node=made), "subject": issue}


@mutation("updateIssueComment")
def update_comment(context: Context, asked: Input) -> dict[str, Any]:
    """Change a comment's text."""
    old: Comment = context.expect(asked["id"], Comment)
    return {"issueComment": actions.edit_comment(context.world, context.actor, old, asked["body"])}


@mutation("deleteIssueComment")
def delete_comment(context: Context, asked: Input) -> dict[str, Any]:
    """Delete a comment."""
    actions.delete_comment(context.world, context.actor, context.expect(asked["id"], Comment))
    return {}


@mutation("minimizeComment")
def minimize_comment(context: Context, asked: Input) -> dict[str, Any]:
    """Fold a comment away with a reason."""
    comment: Comment = context.expect(asked["subjectId"], Comment)
    require_any(context.world, context.actor, comment.issue.repo, ["issues", "pull_requests"], "write")
    MINIMIZED[comment] = asked["classifier"].lower().replace("_", "-")
    return {"minimizedComment": comment}


@mutation("addReaction")
def add_reaction(context: Context, asked: Input) -> dict[str, Any]:
    """React; the same reaction twice is one."""
    subject = context.expect(asked["subjectId"], Comment, Issue)
    made, _ = actions.react(context.world, context.actor, subject, CONTENTS[asked["content"]])
    return {"reaction": made, "subject": subject}


@mutation("removeReaction")
def remove_reaction(context: Context, asked: Input) -> dict[str, Any]:
    """Take one's own reaction back."""
    subject = context.expect(asked["subjectId"], Comment, Issue)
    issue = subject.issue if isinstance(subject, Comment) else subject
    require_any(context.world, context.actor, issue.repo, ["issues", "pull_requests"], "write")
    word = CONTENTS[asked["content"]]
    mine: list[Reaction] = [
        r for r in subject.reactions if r.user is context.actor.account and r.content == word
    ]
    if not mine:
        raise Refused(422, "The viewer has not reacted so.")
    subject.reactions.remove(mine[0])
    context.world.nodes.pop(mine[0].node_id, None)
    return {"reaction": mine[0], "subject": subject}


@mutation("createIssue")
def create_issue(context: Context, asked: Input) -> dict[str, Any]:
    """Open an issue."""
    refuse_inputs(asked, "createIssue", "assigneeIds", "milestoneId", "projectIds", "issueTemplate")
    repo: Repository = context.expect(asked["repositoryId"], Repository)
    labels = names_of(context, asked.get("labelIds") or [])
    made = actions.open_issue(context.world, context.actor, repo, asked["title"], asked.get("body"), labels)
    return {"issue": made}
