"""A pull request's own facts, page after page where there is more than one (attack cases 23, 24)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.github import parse
from bot.adapters.github.channel import Channel
from bot.adapters.github.queries import (
    CONTEXTS_QUERY,
    PULL_COMMENTS_QUERY,
    PULL_COMMITS_QUERY,
    PULL_FILES_QUERY,
    PULL_REVIEWS_QUERY,
)
from bot.errors import Stale
from bot.model.approval_facts import Review
from bot.model.facts import Comment, Pull, Repository

QUEUED = ("mergeQueueEntry",)
"""What an App without `merge_queues: read` is refused; nobody can do without the rest for that."""

MOST_FILES = 3000
"""GitHub lists no more files of a pull request than this."""
MOST_COMMITS = 250
"""And no more commits than this."""


def pull_of(channel: Channel, repository: Repository, node: Mapping[str, Any], *, commits: int) -> Pull:
    """The pull request with all its files; more than GitHub lists are not asked for and make it incomplete."""
    count = int(node["changedFiles"])
    first = node.get("files") or {"nodes": [], "pageInfo": {"hasNextPage": False}}
    if count > MOST_FILES:
        entries = list(first["nodes"])
    else:
        entries = _all(channel, repository, int(node["number"]), first, PULL_FILES_QUERY)
    paths = [entry["path"] for entry in entries]
    before = _names_before(channel, repository, int(node["number"]), entries)
    complete = len(paths) == count and before is not None
    return parse.pull(node, files=[*paths, *(before or ())], files_complete=complete, commits=commits)


def _names_before(
    channel: Channel, repository: Repository, number: int, entries: Sequence[Mapping[str, Any]]
) -> list[str] | None:
    """What renamed files were called: GraphQL does not say, so REST is asked when there are any. None: nobody says.

    https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
    """
    renamed = {entry["path"] for entry in entries if entry.get("changeType") == "RENAMED"}
    if not renamed:
        return []
    path = f"/repos/{repository.full_name}/pulls/{number}/files"
    files = channel.pages(path, purpose="pull", key=None, params={"per_page": 100})
    found = {file["filename"]: file.get("previous_filename") for file in files}
    names = [found.get(path) for path in sorted(renamed)]
    return None if None in names else [str(name) for name in names]


def commits_of(channel: Channel, repository: Repository, number: int) -> tuple[list[Mapping[str, Any]], int]:
    """The commits that GitHub lists of a pull request, and how many it has."""
    variables = {"repository": repository.node_id, "number": number, "after": None}
    reply = channel.graphql(PULL_COMMITS_QUERY, variables, purpose="pull")
    reply.must_be_read()
    found = (reply.data.get("node") or {}).get("pullRequest")
    if not found:
        raise Stale(f"pull request {number} of {repository.full_name} went away while it was read")
    entries = _all(channel, repository, number, found["page"], PULL_COMMITS_QUERY)
    return entries, int(found["page"]["totalCount"])


def comments_of(
    channel: Channel, repository: Repository, node: Mapping[str, Any], author: int
) -> tuple[Comment, ...]:
    """All comments of one author, oldest first."""
    comments = everything_said(channel, repository, node)
    return tuple(comment for comment in comments if comment.author.id == author)


def everything_said(channel: Channel, repository: Repository, node: Mapping[str, Any]) -> tuple[Comment, ...]:
    """All comments, oldest first."""
    entries = _all(channel, repository, int(node["number"]), node["comments"], PULL_COMMENTS_QUERY)
    return tuple(parse.comment(entry) for entry in entries)


def reviews_of(channel: Channel, repository: Repository, node: Mapping[str, Any]) -> tuple[Review, ...]:
    """All reviews, oldest first."""
    entries = _all(channel, repository, int(node["number"]), node["voices"], PULL_REVIEWS_QUERY)
    return tuple(parse.review(entry) for entry in entries)


def contexts_of(
    channel: Channel, repository: Repository, commit: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """All check runs and statuses of a commit: a failing one on the second page counts (attack case 23)."""
    rollup = commit.get("statusCheckRollup")
    if not rollup:
        return []
    page = rollup["contexts"]
    entries = list(page["nodes"])
    while page["pageInfo"]["hasNextPage"]:
        variables = {
            "repository": repository.node_id,
            "head": commit["oid"],
            "after": page["pageInfo"]["endCursor"],
        }
        reply = channel.graphql(CONTEXTS_QUERY, variables, purpose="pull")
        reply.must_be_read()
        found = ((reply.data.get("node") or {}).get("object") or {}).get("statusCheckRollup")
        if not found:
            raise Stale(f"the checks of {commit['oid']} went away while they were read")
        page = found["contexts"]
        entries.extend(page["nodes"])
    return entries


def _all(
    channel: Channel, repository: Repository, number: int, first: Mapping[str, Any], query: str
) -> list[Mapping[str, Any]]:
    page = first
    entries = list(page["nodes"])
    while page["pageInfo"]["hasNextPage"]:
        variables = {
            "repository": repository.node_id,
            "number": number,
            "after": page["pageInfo"]["endCursor"],
        }
        reply = channel.graphql(query, variables, purpose="pull")
        reply.must_be_read()
        found = (reply.data.get("node") or {}).get("pullRequest")
        if not found:
            raise Stale(f"pull request {number} of {repository.full_name} went away while it was read")
        page = found["page"]
        entries.extend(page["nodes"])
    return entries
