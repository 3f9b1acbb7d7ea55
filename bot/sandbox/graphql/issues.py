"""A repository's issues, pull requests and labels: found by number, by name, or listed."""

from __future__ import annotations

from typing import Any

from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import Context
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.page import in_order
from bot.sandbox.state import Issue, Label, Pull, Repository

type_names(Label, "Label")
REPOSITORY = Fields("Repository")


def _numbered(repo: Repository, number: int, *classes: type) -> Issue | None:
    found = repo.issues.get(number)
    return found if isinstance(found, classes) else None


@REPOSITORY.field("pullRequest")
def pull_request(repo: Repository, context: Context, args: dict[str, Any]) -> Issue:
    """A pull request by number; NOT_FOUND when there is none."""
    context.reads(repo, "pull_requests")
    return _or_missing(_numbered(repo, args["number"], Pull), "a PullRequest", args["number"])


@REPOSITORY.field("issue")
def issue(repo: Repository, context: Context, args: dict[str, Any]) -> Issue:
    """An issue by number; a pull request's number is NOT_FOUND here."""
    context.reads(repo, "issues")
    found = _numbered(repo, args["number"], Issue)
    return _or_missing(None if isinstance(found, Pull) else found, "an Issue", args["number"])


@REPOSITORY.field("issueOrPullRequest")
def issue_or_pull(repo: Repository, context: Context, args: dict[str, Any]) -> Issue:
    """Whichever has the number."""
    context.reads(repo, "issues", "pull_requests")
    return _or_missing(_numbered(repo, args["number"], Issue), "an issue or pull request", args["number"])


def _or_missing(found: Issue | None, noun: str, number: int) -> Issue:
    if found is None:
        text = f"Could not resolve to {noun} with the number of {number}."
        raise Refused(404, text, kind="NOT_FOUND")
    return found


@REPOSITORY.connection("pullRequests")
def pull_requests(repo: Repository, context: Context, args: dict[str, Any]) -> list[Pull]:
    """Pull requests, oldest first unless ordered."""
    context.reads(repo, "pull_requests")
    return filter_pulls(repo.pulls, args)


def filter_pulls(pulls: list[Pull], args: dict[str, Any]) -> list[Pull]:
    """`states`, `headRefName`, `baseRefName`, `labels` (any of them, case-insensitive) and `orderBy`."""
    labels = {name.lower() for name in args.get("labels") or []}
    found = [
        p
        for p in pulls
        if (not args.get("states") or state_of(p) in args["states"])
        and args.get("headRefName") in (None, p.head_ref)
        and args.get("baseRefName") in (None, p.base_ref)
        and (not labels or labels & {label.name.lower() for label in p.labels})
    ]
    return in_order(found, args.get("orderBy"))


def state_of(pull: Issue) -> str:
    """OPEN, CLOSED, and for pull requests MERGED."""
    merged = isinstance(pull, Pull) and pull.merged
    return "MERGED" if merged else pull.state.upper()


@REPOSITORY.field("label")
def label(repo: Repository, _context: Context, args: dict[str, Any]) -> Label | None:
    """A label by name (case-insensitive), or null."""
    return repo.labels.get(args["name"].lower())


@REPOSITORY.connection("labels")
def labels(repo: Repository, _context: Context, args: dict[str, Any]) -> list[Label]:
    """The repository's labels; `query` is part of the name."""
    query = (args.get("query") or "").lower()
    return in_order([x for n, x in repo.labels.items() if query in n], args.get("orderBy"))


LABEL = Fields("Label")
LABEL.attributes(id="node_id", name="name", color="color", description="description")
LABEL.values(isDefault=False)
