"""Merge queues: of a repository's branch, and a pull request's place in one.

https://docs.github.com/graphql/reference/objects#mergequeue
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.actions.required import check_state
from bot.sandbox.graphql.context import Context, GitCommit
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.pulls import PULL
from bot.sandbox.graphql.repository import REPOSITORY
from bot.sandbox.state import MergeQueue, Pull, QueueEntry, Repository

type_names(MergeQueue, "MergeQueue")
type_names(QueueEntry, "MergeQueueEntry")

PULL.add("isMergeQueueEnabled", lambda p, _c, _: p.base_ref in p.repo.queues)
PULL.add("isInMergeQueue", lambda p, _c, _: _entry(p) is not None)


def _entry(pull: Pull) -> QueueEntry | None:
    queue = pull.repo.queues.get(pull.base_ref)
    return queue.entry(pull) if queue else None


def _queue(repo: Repository, branch: str, context: Context) -> MergeQueue | None:
    context.reads(repo, "merge_queues")
    return repo.queues.get(branch)


@PULL.field("mergeQueue")
def pull_queue(pull: Pull, context: Context, _args: dict[str, Any]) -> MergeQueue | None:
    """The queue of its base branch, null when there is none."""
    return _queue(pull.repo, pull.base_ref, context)


@PULL.field("mergeQueueEntry")
def pull_entry(pull: Pull, context: Context, _args: dict[str, Any]) -> QueueEntry | None:
    """Its place in the queue, null when it is not in it."""
    context.reads(pull.repo, "merge_queues")
    return _entry(pull)


@REPOSITORY.field("mergeQueue")
def repository_queue(repo: Repository, context: Context, args: dict[str, Any]) -> MergeQueue | None:
    """The queue of a branch, or of the default branch when none is named; null when there is none."""
    return _queue(repo, args.get("branch") or repo.default_branch, context)


QUEUE = Fields("MergeQueue")
QUEUE.attributes(id="node_id", repository="repo")
QUEUE.values(nextEntryEstimatedTimeToMerge=None)
QUEUE.add("url", lambda q, c, _: c.web(f"{q.repo.full_name}/queue/{q.branch}"))
QUEUE.add("resourcePath", lambda q, _c, _: f"/{q.repo.full_name}/queue/{q.branch}")


@QUEUE.connection("entries")
def entries(queue: MergeQueue, _context: Context, _args: dict[str, Any]) -> list[QueueEntry]:
    """The entries, the next to be merged first."""
    return list(queue.entries)


@QUEUE.field("configuration")
def configuration(queue: MergeQueue, _context: Context, _args: dict[str, Any]) -> dict[str, Any]:
    """How it merges."""
    return {
        "checkResponseTimeout": 60,
        "maximumEntriesToBuild": queue.build,
        "maximumEntriesToMerge": queue.maximum,
        "mergeMethod": queue.method.upper(),
        "mergingStrategy": "ALLGREEN",
        "minimumEntriesToMerge": queue.minimum,
        "minimumEntriesToMergeWaitTime": 5,
    }


ENTRY = Fields("MergeQueueEntry")
ENTRY.attributes(id="node_id", enqueuedAt="enqueued_at", enqueuer="enqueuer", pullRequest="pull")
ENTRY.values(estimatedTimeToMerge=None, jump=False, solo=False)


def _commit(entry: QueueEntry, sha: str | None) -> GitCommit | None:
    return GitCommit(entry.pull.repo, sha) if sha else None


ENTRY.add("baseCommit", lambda e, _c, _: _commit(e, e.base_sha))
ENTRY.add("headCommit", lambda e, _c, _: _commit(e, e.head_sha))


@ENTRY.field("mergeQueue")
def entry_queue(entry: QueueEntry, _context: Context, _args: dict[str, Any]) -> MergeQueue:
    """The queue it stands in."""
    return entry.pull.repo.queues[entry.pull.base_ref]


@ENTRY.field("position")
def position(entry: QueueEntry, _context: Context, _args: dict[str, Any]) -> int:
    """Its place, from 1; 0 when it was taken out."""
    listed = entry.pull.repo.queues[entry.pull.base_ref].entries
    return listed.index(entry) + 1 if entry in listed else 0


@ENTRY.field("state")
def state(entry: QueueEntry, _context: Context, _args: dict[str, Any]) -> str:
    """QUEUED before it is built, then AWAITING_CHECKS, MERGEABLE or UNMERGEABLE."""
    if entry.head_sha is None:
        return "QUEUED"
    rules = entry.pull.repo.protections.get(entry.pull.base_ref)
    states = {
        check_state(entry.pull.repo, entry.head_sha, name, app)
        for name, app in (rules.checks if rules else ())
    }
    if "failure" in states:
        return "UNMERGEABLE"
    return "AWAITING_CHECKS" if "expected" in states else "MERGEABLE"
