"""Opening, changing and merging pull requests."""

from __future__ import annotations

from typing import Any

from bot.sandbox import actions
from bot.sandbox.graphql.context import Context
from bot.sandbox.graphql.mutations import Input, mutation, refuse_inputs
from bot.sandbox.state import Account, Issue, Label, Pull, Repository, Review, Team


def _pull(context: Context, asked: Input) -> Pull:
    found: Pull = context.expect(asked["pullRequestId"], Pull)
    return found


def _changed(context: Context, pull: Pull) -> dict[str, Any]:
    return {"pullRequest": pull, "actor": context.actor.account}


def names_of(context: Context, ids: list[str]) -> list[str]:
    """The names of labels given by node ids."""
    return [context.expect(node_id, Label).name for node_id in ids]


@mutation("createPullRequest")
def create_pull_request(context: Context, asked: Input) -> dict[str, Any]:
    """Open a pull request; `headRefName` may be `owner:branch`."""
    repo: Repository = context.expect(asked["repositoryId"], Repository)
    head = asked["headRefName"].removeprefix("refs/heads/")
    if asked.get("headRepositoryId"):
        other: Repository = context.expect(asked["headRepositoryId"], Repository)
        head = head if other is repo else f"{other.owner.login}:{head}"
    pull = actions.open_pull(
        context.world,
        context.actor,
        repo,
        title=asked["title"],
        head=head,
        base=asked["baseRefName"].removeprefix("refs/heads/"),
        body=asked.get("body"),
        draft=bool(asked.get("draft")),
        maintainer_can_modify=bool(asked.get("maintainerCanModify", True)),
    )
    return {"pullRequest": pull}


@mutation("updatePullRequest")
def update_pull_request(context: Context, asked: Input) -> dict[str, Any]:
    """Title, body, base, state, and `labelIds`, which replace all labels."""
    refuse_inputs(
        asked, "updatePullRequest", "assigneeIds", "milestoneId", "projectIds", "maintainerCanModify"
    )
    pull = _pull(context, asked)
    state = {"OPEN": "open", "CLOSED": "closed"}.get(asked.get("state") or "")
    actions.update_pull(
        context.world,
        context.actor,
        pull,
        title=asked.get("title"),
        body=asked.get("body"),
        base=asked.get("baseRefName"),
        state=state,
    )
    if asked.get("labelIds") is not None:
        actions.set_labels(context.world, context.actor, pull, names_of(context, asked["labelIds"]))
    return _changed(context, pull)


@mutation("closePullRequest")
def close_pull_request(context: Context, asked: Input) -> dict[str, Any]:
    """Close without merging."""
    pull = _pull(context, asked)
    actions.close_pull(context.world, context.actor, pull)
    return {"pullRequest": pull}


@mutation("reopenPullRequest")
def reopen_pull_request(context: Context, asked: Input) -> dict[str, Any]:
    """Open again."""
    pull = _pull(context, asked)
    actions.reopen_pull(context.world, context.actor, pull)
    return {"pullRequest": pull}


@mutation("mergePullRequest")
def merge_pull_request(context: Context, asked: Input) -> dict[str, Any]:
    """Merge; `expectedHeadOid` keeps a commit that nobody looked at from being merged."""
    pull = _pull(context, asked)
    actions.merge_pull(
        context.world,
        context.actor,
        pull,
        sha=asked.get("expectedHeadOid"),
        method=str(asked.get("mergeMethod") or "MERGE").lower(),
        title=asked.get("commitHeadline"),
        message=asked.get("commitBody"),
    )
    return _changed(context, pull)


@mutation("updatePullRequestBranch")
def update_pull_request_branch(context: Context, asked: Input) -> dict[str, Any]:
    """Merge the base into the head branch."""
    refuse_inputs(asked, "updatePullRequestBranch", *(["updateMethod"] if _rebases(asked) else []))
    pull = _pull(context, asked)
    actions.update_branch(context.world, context.actor, pull, asked.get("expectedHeadOid"))
    return {"pullRequest": pull}


def _rebases(asked: Input) -> bool:
    return asked.get("updateMethod") == "REBASE"


def _draft(name: str, draft: bool) -> None:
    @mutation(name)
    def set_draft(context: Context, asked: Input) -> dict[str, Any]:
        pull = _pull(context, asked)
        actions.set_draft(context.world, context.actor, pull, draft)
        return {"pullRequest": pull}


_draft("convertPullRequestToDraft", True)
_draft("markPullRequestReadyForReview", False)


@mutation("addPullRequestReview")
def add_review(context: Context, asked: Input) -> dict[str, Any]:
    """Review a pull request; without `event` it stays pending."""
    refuse_inputs(asked, "addPullRequestReview", "comments", "threads")
    pull = _pull(context, asked)
    event, body = asked.get("event"), asked.get("body") or ""
    made = actions.review(
        context.world, context.actor, pull, event, body=body, commit_id=asked.get("commitOID")
    )
    return {"pullRequestReview": made}


@mutation("dismissPullRequestReview")
def dismiss_review(context: Context, asked: Input) -> dict[str, Any]:
    """Dismiss a review with a message."""
    old: Review = context.expect(asked["pullRequestReviewId"], Review)
    made = actions.dismiss_review(context.world, context.actor, old.pull, old.id, asked["message"])
    return {"pullRequestReview": made}


@mutation("requestReviews")
def request_reviews(context: Context, asked: Input) -> dict[str, Any]:
    """Ask people and teams; without `union` the list replaces the old one."""
    pull = _pull(context, asked)
    people = [context.expect(x, Account) for x in asked.get("userIds") or []]
    teams = [context.expect(x, Team) for x in asked.get("teamIds") or []]
    logins, slugs = [p.login for p in people], [t.slug for t in teams]
    actions.request_reviews(context.world, context.actor, pull, logins, slugs)
    if not asked.get("union"):
        pull.requested_reviewers = [a for a in pull.requested_reviewers if a in people]
        pull.requested_teams = [t for t in pull.requested_teams if t in teams]
    return _changed(context, pull)


# labels -----------------------------------------------------------------------------------------------------
@mutation("createLabel")
def create_label(context: Context, asked: Input) -> dict[str, Any]:
    """A new label."""
    repo: Repository = context.expect(asked["repositoryId"], Repository)
    made = actions.create_label(
        context.world, context.actor, repo, asked["name"], asked["color"], asked.get("description")
    )
    return {"label": made}


@mutation("addLabelsToLabelable")
def add_labels(context: Context, asked: Input) -> dict[str, Any]:
    """Put labels on, by their node ids."""
    issue: Issue = context.expect(asked["labelableId"], Issue)
    actions.add_labels(context.world, context.actor, issue, names_of(context, asked["labelIds"]))
    return {"labelable": issue}


@mutation("removeLabelsFromLabelable")
def remove_labels(context: Context, asked: Input) -> dict[str, Any]:
    """Take labels off; one that is not on is passed over."""
    issue: Issue = context.expect(asked["labelableId"], Issue)
    worn = {label.name for label in issue.labels}
    for name in names_of(context, asked["labelIds"]):
        if name in worn:
            actions.remove_label(context.world, context.actor, issue, name)
    return {"labelable": issue}
