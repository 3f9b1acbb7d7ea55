"""Pull requests: branches, merging, commits, files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.access import visible
from bot.sandbox.actions import conflicts, mergeable_state
from bot.sandbox.gitstore import FileDiff
from bot.sandbox.graphql.context import Context, GitCommit, GitRef
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.talk import page_of
from bot.sandbox.represent.pulls import compared
from bot.sandbox.state import Pull, Repository

PULL = Fields("PullRequest")
PULL.attributes(
    isDraft="draft",
    merged="merged",
    mergedAt="merged_at",
    mergedBy="merged_by",
    baseRefName="base_ref",
    baseRefOid="base_sha",
    headRefName="head_ref",
    headRefOid="head_sha",
    baseRepository="repo",
    maintainerCanModify="maintainer_can_modify",
)
PULL.values(milestone=None)
PULL.add("isCrossRepository", lambda p, _c, _: p.head_repo is not p.repo)
PULL.add("permalink", lambda p, c, _: c.web(page_of(p)))
PULL.add("checksUrl", lambda p, c, _: c.web(f"{page_of(p)}/checks"))
PULL.add("totalCommentsCount", lambda p, _c, _: len(p.comments) + sum(bool(r.body) for r in p.reviews))


@PULL.field("mergeCommit")
def merge_commit(pull: Pull, _context: Context, _args: dict[str, Any]) -> GitCommit | None:
    """The commit that the merge made, null before."""
    return GitCommit(pull.repo, pull.merge_commit_sha) if pull.merged and pull.merge_commit_sha else None


@PULL.field("mergeable")
def mergeable(pull: Pull, context: Context, _args: dict[str, Any]) -> str:
    """CONFLICTING or MERGEABLE by a real merge; UNKNOWN once it is closed."""
    if pull.state != "open":
        return "UNKNOWN"
    return "CONFLICTING" if conflicts(context.world, pull) else "MERGEABLE"


@PULL.field("mergeStateStatus")
def merge_state(pull: Pull, context: Context, _args: dict[str, Any]) -> str:
    """CLEAN, DIRTY, BLOCKED, BEHIND, UNSTABLE, DRAFT or UNKNOWN."""
    return mergeable_state(context.world, pull).upper()


def _branch(repo: Repository, name: str) -> GitRef | None:
    return GitRef(repo, f"heads/{name}") if repo.git.ref(f"heads/{name}") else None


@PULL.field("baseRef")
def base_ref(pull: Pull, _context: Context, _args: dict[str, Any]) -> GitRef | None:
    """The base branch, null when it is gone."""
    return _branch(pull.repo, pull.base_ref)


@PULL.field("headRef")
def head_ref(pull: Pull, context: Context, args: dict[str, Any]) -> GitRef | None:
    """The head branch; null when it is gone or in a repository that the actor cannot see."""
    repo = head_repository(pull, context, args)
    return _branch(repo, pull.head_ref) if repo else None


@PULL.field("headRepository")
def head_repository(pull: Pull, context: Context, _args: dict[str, Any]) -> Repository | None:
    """Where the head lives; null for a fork that the actor cannot see."""
    return pull.head_repo if visible(context.world, context.actor, pull.head_repo) else None


PULL.add("headRepositoryOwner", lambda p, _c, _: p.head_repo.owner)


@PULL.field("autoMergeRequest")
def auto_merge(pull: Pull, context: Context, _args: dict[str, Any]) -> dict[str, Any] | None:
    """Who asked GitHub to merge it once it may be merged, and how; null when nobody did."""
    asked = pull.auto_merge
    if not asked:
        return None
    by = asked.get("enabled_by") or {}
    login = by.get("login", "") if isinstance(by, dict) else by.login
    return {
        "enabledAt": asked.get("enabled_at"),
        "enabledBy": context.world.accounts.get(login.lower()),
        "mergeMethod": str(asked.get("merge_method", "merge")).upper(),
        "commitHeadline": asked.get("commit_title"),
        "commitBody": asked.get("commit_message"),
        "authorEmail": None,
        "pullRequest": pull,
    }


# commits and files ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PullCommit:
    """A commit as part of a pull request."""

    pull: Pull
    sha: str


type_names(PullCommit, "PullRequestCommit")
PULL_COMMIT = Fields("PullRequestCommit")
PULL_COMMIT.attributes(pullRequest="pull")
PULL_COMMIT.add("id", lambda x, _c, _: f"PURC_{x.pull.id}_{x.sha}")
PULL_COMMIT.add("commit", lambda x, _c, _: GitCommit(x.pull.repo, x.sha))
PULL_COMMIT.add("url", lambda x, c, _: c.web(f"{page_of(x.pull)}/commits/{x.sha}"))


@PULL.connection("commits")
def commits(pull: Pull, _context: Context, _args: dict[str, Any]) -> list[PullCommit]:
    """The pull request's commits, oldest first: `commits(last: 1)` is the head."""
    base, head = compared(pull)
    return [PullCommit(pull, sha) for sha in reversed(pull.repo.git.log(head, hide=base))]


def _diff(pull: Pull) -> list[FileDiff]:
    base, head = compared(pull)
    return pull.repo.git.diff(base, head)


PULL.add("changedFiles", lambda p, _c, _: len(_diff(p)))
PULL.add("additions", lambda p, _c, _: sum(f.additions for f in _diff(p)))
PULL.add("deletions", lambda p, _c, _: sum(f.deletions for f in _diff(p)))


@PULL.connection("files")
def files(pull: Pull, context: Context, _args: dict[str, Any]) -> list[FileDiff]:
    """Changed files against the merge base. GitHub gives no previous name of a renamed file here."""
    context.reads(pull.repo, "pull_requests", "contents")
    return _diff(pull)


FILE = Fields("PullRequestChangedFile")
FILE.attributes(path="path", additions="additions", deletions="deletions")
FILE.values(viewerViewedState="UNVIEWED")
_CHANGES = {"removed": "DELETED"}
FILE.add("changeType", lambda f, _c, _: _CHANGES.get(f.status, f.status.upper()))
