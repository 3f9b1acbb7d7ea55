"""Reviews, review requests and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.actions import approvals
from bot.sandbox.actions.pulls import can_write
from bot.sandbox.graphql.context import Context, GitCommit
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.talk import page_of
from bot.sandbox.state import Account, Pull, Review, Team

_DECISIVE = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")

type_names(Review, "PullRequestReview")
PULL = Fields("PullRequest")
REVIEW = Fields("PullRequestReview")
REVIEW.attributes(author="user", state="state", submittedAt="submitted_at", publishedAt="submitted_at")
REVIEW.attributes(pullRequest="pull")
REVIEW.add("repository", lambda x, _c, _: x.pull.repo)
REVIEW.add("commit", lambda x, _c, _: GitCommit(x.pull.repo, x.commit_id))
REVIEW.add("createdAt", lambda x, _c, _: x.submitted_at or x.pull.updated_at)
REVIEW.add("updatedAt", lambda x, _c, _: x.submitted_at or x.pull.updated_at)
REVIEW.add("url", lambda x, c, _: c.web(f"{page_of(x.pull)}#pullrequestreview-{x.id}"))
REVIEW.add("isMinimized", lambda _x, _c, _: False)
REVIEW.add("authorCanPushToRepository", lambda x, c, _: can_write(c.world, x.user.login, x.pull.repo))


def _seen(pull: Pull, context: Context) -> list[Review]:
    """Everybody's submitted reviews; a pending one is seen by its author alone."""
    return [r for r in pull.reviews if r.state != "PENDING" or r.user is context.actor.account]


@PULL.connection("reviews")
def reviews(pull: Pull, context: Context, args: dict[str, Any]) -> list[Review]:
    """All reviews, oldest first; `author` and `states` filter."""
    author = (args.get("author") or "").lower()
    return [
        r
        for r in _seen(pull, context)
        if (not args.get("states") or r.state in args["states"])
        and (not author or author == r.user.login.lower())
    ]


@PULL.connection("latestReviews")
def latest_reviews(pull: Pull, context: Context, _args: dict[str, Any]) -> list[Review]:
    """The latest review of each person, comments too, without people who are asked again."""
    latest = {r.user: r for r in _seen(pull, context) if r.state != "PENDING"}
    return [r for user, r in latest.items() if user not in pull.requested_reviewers]


@PULL.connection("latestOpinionatedReviews")
def latest_opinions(pull: Pull, context: Context, args: dict[str, Any]) -> list[Review]:
    """The latest review of each person that approves, asks for changes or was dismissed."""
    latest = {r.user: r for r in _seen(pull, context) if r.state in _DECISIVE}
    writers = bool(args.get("writersOnly"))
    return [r for u, r in latest.items() if not writers or can_write(context.world, u.login, pull.repo)]


@PULL.field("reviewDecision")
def review_decision(pull: Pull, context: Context, _args: dict[str, Any]) -> str | None:
    """Null where the base branch requires no review."""
    rules = pull.repo.protections.get(pull.base_ref)
    if rules is None or not rules.reviews:
        return None
    latest = {r.user: r.state for r in pull.reviews if r.state in _DECISIVE}
    people = {user for user, state in latest.items() if state == "CHANGES_REQUESTED"}
    if any(can_write(context.world, user.login, pull.repo) for user in people):
        return "CHANGES_REQUESTED"
    return "APPROVED" if approvals(context.world, pull) >= rules.reviews else "REVIEW_REQUIRED"


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """Somebody who is asked to review."""

    pull: Pull
    reviewer: Account | Team


type_names(ReviewRequest, "ReviewRequest")
REQUEST = Fields("ReviewRequest")
REQUEST.attributes(requestedReviewer="reviewer", pullRequest="pull")
REQUEST.values(asCodeOwner=False)
REQUEST.add("id", lambda x, _c, _: f"RR_{x.pull.id}_{x.reviewer.id}")


@PULL.connection("reviewRequests")
def review_requests(pull: Pull, _context: Context, _args: dict[str, Any]) -> list[ReviewRequest]:
    """Open requests, people before teams."""
    people = [ReviewRequest(pull, person) for person in pull.requested_reviewers]
    return people + [ReviewRequest(pull, team) for team in pull.requested_teams]
