"""Turns GitHub's JSON into facts. Nothing is asked here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.adapters.github.known import KnownCheck
from bot.model.approval_facts import Review, ReviewState
from bot.model.facts import (
    Actor,
    Check,
    CheckState,
    Comment,
    Commit,
    Mergeable,
    OwnCheck,
    Pull,
    PullState,
    QueueEntry,
    Repository,
    Unknown,
    WorkflowRun,
)

Json = Mapping[str, Any]

ANNOTATED = "annotated"
"""The external id of a check run that we gave annotations."""

GHOST = Actor(id=0, login="ghost")
"""Stands for a deleted account."""
_NOREPLY = re.compile(r"(\d+)\+(.+)@users\.noreply\..+")
_GITHUB = "noreply@github.com"
"""The committer of what is merged or edited on GitHub's pages."""
_PASSING = {"success", "neutral", "skipped"}
"""GitHub lets these three pass a required check; the conclusion itself is kept beside the state."""


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 moment, or None."""
    return datetime.fromisoformat(text) if text else None


def at(text: str) -> datetime:
    """An ISO 8601 moment that must be there."""
    return datetime.fromisoformat(text)


def repository(node: Json) -> Repository:
    """A repository of GraphQL. One without commits has no default branch: its name is empty."""
    return Repository(
        id=node["databaseId"],
        node_id=node["id"],
        full_name=node["nameWithOwner"],
        default_branch=(node.get("defaultBranchRef") or {}).get("name") or "",
        url=node["url"],
    )


def rest_repository(data: Json) -> Repository:
    """A repository of REST."""
    return Repository(
        id=data["id"],
        node_id=data["node_id"],
        full_name=data["full_name"],
        default_branch=data["default_branch"],
        url=data["html_url"],
    )


def actor(node: Json | None) -> Actor:
    """An actor of GraphQL, where a bot's login lacks the `[bot]` that REST and commits give it."""
    if not node:
        return GHOST
    is_bot = node.get("__typename") == "Bot"
    login = node["login"]
    if is_bot and not login.endswith("[bot]"):
        login += "[bot]"
    return Actor(id=node.get("databaseId") or 0, login=login, is_bot=is_bot)


def rest_actor(data: Json | None) -> Actor | None:
    """A user of REST."""
    if not data:
        return None
    return Actor(id=data["id"], login=data["login"], is_bot=data.get("type") == "Bot")


def commit(node: Json) -> Commit:
    """A commit of GraphQL."""
    author = node.get("author") or {}
    return Commit(
        sha=node["oid"],
        message=node["message"],
        url=node["url"],
        parents=tuple(parent["oid"] for parent in node["parents"]["nodes"]),
        tree=node["tree"]["oid"],
        author=_author(author),
        author_name=author.get("name") or "",
        committed_at=moment(node.get("committedDate")),
        verified=bool((node.get("signature") or {}).get("isValid")),
    )


def pull_commit(node: Json) -> Commit:
    """A commit with its committer too."""
    made = node.get("committer") or {}
    committer = _author(made)
    stranger = committer is None and made.get("email") != _GITHUB
    return replace(
        commit(node), committer=committer, committer_name=(made.get("name") or "nobody") if stranger else ""
    )


def _author(author: Json) -> Actor | None:
    """GraphQL names no user for a bot's commit; the address that GitHub gives its bots holds id and login."""
    user = author.get("user")
    if user:
        login = user["login"]
        return Actor(id=user["databaseId"] or 0, login=login, is_bot=login.endswith("[bot]"))
    match = _NOREPLY.fullmatch(author.get("email") or "")
    if match:
        return Actor(id=int(match[1]), login=match[2], is_bot=match[2].endswith("[bot]"))
    return None


def pull(node: Json, *, files: Iterable[str], files_complete: bool, commits: int) -> Pull:
    """A pull request of GraphQL."""
    merged_by = node.get("mergedBy")
    return Pull(
        number=node["number"],
        node_id=node["id"],
        url=node["url"],
        title=node["title"],
        body=node["body"],
        state=PullState(node["state"].lower()),
        draft=node["isDraft"],
        author=actor(node["author"]),
        base_ref=node["baseRefName"],
        base_sha=node["baseRefOid"],
        head_ref=node["headRefName"],
        head_sha=node["headRefOid"],
        head_repository_id=(node.get("headRepository") or {}).get("databaseId"),
        labels=tuple(label["name"] for label in (node.get("labels") or {}).get("nodes") or ()),
        mergeable=Mergeable(node["mergeable"].lower()),
        behind=node["mergeStateStatus"] == "BEHIND" and not node.get("isMergeQueueEnabled"),
        commits=commits,
        changed_files=tuple(files),
        files_complete=files_complete,
        created_at=at(node["createdAt"]),
        merged_at=moment(node.get("mergedAt")),
        merge_sha=(node.get("mergeCommit") or {}).get("oid"),
        merged_by=actor(merged_by) if merged_by else None,
        reviews=(node.get("reviews") or {}).get("totalCount") or 0,
        needs_queue=bool(node.get("isMergeQueueEnabled")),
        queued=_queue_entry(node),
    )


def _queue_entry(node: Json) -> QueueEntry | None:
    """GitHub tells an App without `merge_queues: read` that it is queued, and no more."""
    entry = node.get("mergeQueueEntry")
    if not entry:
        return QueueEntry(head_sha=None) if node.get("isInMergeQueue") else None
    return QueueEntry(head_sha=(entry.get("headCommit") or {}).get("oid"))


def comment(node: Json) -> Comment:
    """A comment of GraphQL."""
    return Comment(
        id=int(node["fullDatabaseId"]),
        node_id=node["id"],
        author=actor(node.get("author")),
        body=node["body"],
        created_at=at(node["createdAt"]),
        edited=node.get("lastEditedAt") is not None,
        url=node["url"],
        editor=_editor(node),
    )


def _editor(node: Json) -> Actor | Unknown | None:
    """Who edited it last; a bot that edits is a bot here too."""
    if node.get("lastEditedAt") is None:
        return None
    editor = node.get("editor")
    return actor(editor) if editor else Unknown(why="GitHub does not say who")


def review(node: Json) -> Review:
    """A review of GraphQL, as it stands now."""
    return Review(
        id=int(node["fullDatabaseId"]),
        author=actor(node.get("author")),
        state=ReviewState(str(node["state"]).lower()),
        commit_sha=(node.get("commit") or {}).get("oid"),
        submitted_at=moment(node.get("submittedAt")),
    )


def member(node: Json) -> Actor:
    """A member of a team; only users are members."""
    return Actor(id=node.get("databaseId") or 0, login=node["login"])


def check(node: Json) -> Check:
    """Somebody's check run or commit status. What GitHub does not name clearly is pending, never a success."""
    if node["__typename"] == "StatusContext":
        state = str(node["state"]).lower()
        if state in ("success", "failure", "error"):
            settled = CheckState.SUCCESS if state == "success" else CheckState.FAILURE
        else:
            settled = CheckState.PENDING
        return Check(
            name=node["context"],
            state=settled,
            app_id=None,
            conclusion=state,
            url=node.get("targetUrl") or "",
        )
    conclusion = str(node.get("conclusion") or "").lower()
    if node["status"] != "COMPLETED" or not conclusion:
        settled = CheckState.PENDING
    else:
        settled = CheckState.SUCCESS if conclusion in _PASSING else CheckState.FAILURE
    return Check(
        name=node["name"],
        state=settled,
        app_id=app_of(node),
        conclusion=conclusion,
        url=node.get("detailsUrl") or "",
    )


def app_of(node: Json) -> int | None:
    """The App that posted a check run."""
    found = ((node.get("checkSuite") or {}).get("app") or {}).get("databaseId")
    return int(found) if found is not None else None


def own_check(node: Json) -> OwnCheck:
    """A check run of ours."""
    conclusion = node.get("conclusion")
    return OwnCheck(
        id=node["id"],
        name=node["name"],
        status=str(node["status"]).lower(),
        conclusion=str(conclusion).lower() if conclusion else None,
        title=node.get("title") or "",
        summary=node.get("summary") or "",
        started_at=moment(node.get("startedAt")),
    )


def known_check(node: Json) -> KnownCheck:
    """What decides whether one of our check runs can be renewed where it stands."""
    return KnownCheck(
        completed=node["status"] == "COMPLETED", annotated=(node.get("externalId") or "") == ANNOTATED
    )


def _committed(head: Json | None) -> datetime | None:
    """A commit's time; Git takes any from its committer, so one that is none is left out."""
    try:
        found = moment((head or {}).get("timestamp"))
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def workflow_run(data: Json) -> WorkflowRun:
    """A workflow run of REST; its `path` may carry `@ref`, which is cut off."""
    return WorkflowRun(
        id=data["id"],
        attempt=data.get("run_attempt") or 1,
        number=data["run_number"],
        name=data.get("name") or "",
        path=str(data["path"]).partition("@")[0],
        event=data["event"],
        branch=data.get("head_branch"),
        head_sha=data["head_sha"],
        status=data.get("status") or "",
        conclusion=data.get("conclusion"),
        repository_id=data["repository"]["id"],
        head_repository_id=(data.get("head_repository") or {}).get("id"),
        url=data["html_url"],
        created_at=at(data["created_at"]),
        started_at=moment(data.get("run_started_at")),
        committed_at=_committed(data.get("head_commit")),
        actor=rest_actor(data.get("triggering_actor") or data.get("actor")),
    )
