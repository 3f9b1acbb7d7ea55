"""Facts: what GitHub said when it was asked, as plain values. Each names the moment's commit or id it speaks of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """A fact that could not be read. It never passes; `why` goes into the verdict."""

    why: str
    absent: bool = field(default=False, compare=False)
    """Known not to be there, which for some questions (a CODEOWNERS file, a deleted file) is an answer."""
    passing: bool = field(default=False, compare=False)
    """Whoever was asked did not answer, or not yet: asking again soon may help."""
    too_large: bool = field(default=False, compare=False)
    """It is there, and larger than what is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository; `id` is its identity, the name may change."""

    id: int
    node_id: str
    full_name: str
    default_branch: str
    url: str = ""

    @property
    def account(self) -> str:
        """The owning account's login."""
        return self.full_name.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did something; `id` is GitHub's numeric id (0 for a deleted account)."""

    id: int
    login: str
    is_bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """A run as the API tells it now (attack cases 28, 29)."""

    id: int
    attempt: int
    number: int
    name: str
    path: str
    """The workflow's file, without any `@ref`."""
    event: str
    branch: str | None
    head_sha: str
    status: str
    conclusion: str | None
    repository_id: int
    head_repository_id: int | None
    url: str
    created_at: datetime
    started_at: datetime | None = None
    """When its latest attempt started."""
    committed_at: datetime | None = None
    """The time that its head commit bears: its committer's clock said so, so nothing is decided by it."""
    actor: Actor | None = None

    @property
    def source_since(self) -> datetime:
        """Since when there is what it builds: its commit's time, no later than the run (DORA's lead time)."""
        return min(self.committed_at or self.created_at, self.created_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A workflow artifact; `size` in bytes, zipped."""

    id: int
    name: str
    size: int
    expired: bool
    created_at: datetime | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFile:
    """A file at a commit, byte for byte. `mode` is Git's: 0o100644, 0o100755, 0o120000 (symlink), 0o160000."""

    path: str
    oid: str
    mode: int
    data: bytes

    @property
    def is_regular(self) -> bool:
        """Whether it is a plain file, not a symbolic link or a submodule."""
        return self.mode in (0o100644, 0o100755)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit with what identifies its makers."""

    sha: str
    message: str
    url: str = ""
    parents: tuple[str, ...] = ()
    tree: str = ""
    author: Actor | None = None
    author_name: str = ""
    committer: Actor | None = None
    """Only where a pull request's commits are read; None also for what GitHub commits itself."""
    committer_name: str = ""
    """Of a committer who is neither an account nor GitHub itself."""
    committed_at: datetime | None = None
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHead:
    """A commit that people look at: an open pull request's head, or (None) the tip of the default branch."""

    sha: str
    base_ref: str
    number: int | None = None


class CheckState(Enum):
    """Where somebody else's check stands."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check run or commit status on a head commit. `app_id` is None for a commit status."""

    name: str
    state: CheckState
    app_id: int | None
    conclusion: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCheck:
    """A check run that Lockstep posted before on this head commit."""

    id: str
    name: str
    status: str
    conclusion: str | None
    title: str
    summary: str
    started_at: datetime | None = None


class PullState(Enum):
    """GitHub's states of a pull request."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Mergeable(Enum):
    """Whether GitHub could merge it; UNKNOWN while GitHub still computes it."""

    MERGEABLE = "mergeable"
    CONFLICTING = "conflicting"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment in a pull request's conversation."""

    id: int
    node_id: str
    author: Actor
    body: str
    created_at: datetime
    edited: bool = False
    url: str = ""
    editor: Actor | Unknown | None = None
    """Who edited it last; None when nobody ever did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """A pull request's place in the merge queue of its base branch."""

    head_sha: str | None
    """The merge group's commit: what the base branch would become. None until GitHub has made it, or when it may not be
    read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A pull request of a config repository."""

    number: int
    node_id: str
    url: str
    title: str
    body: str
    state: PullState
    draft: bool
    author: Actor
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repository_id: int | None
    labels: tuple[str, ...]
    mergeable: Mergeable
    behind: bool
    """GitHub says that the head must be brought up to date with the base before a merge."""
    commits: int
    changed_files: tuple[str, ...]
    files_complete: bool
    """False when there are more files than were read (attack case 24)."""
    created_at: datetime
    merged_at: datetime | None = None
    merge_sha: str | None = None
    merged_by: Actor | None = None
    reviews: int = 0
    """How many reviews of any kind were submitted: a pull request with one is in review."""
    needs_queue: bool = False
    """The base branch takes changes only through its merge queue."""
    queued: QueueEntry | None = None
    """Where it stands in that queue; None when it does not."""
