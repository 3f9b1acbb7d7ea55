"""Snapshots: all facts that one decision rests on, read once, with the moment they were taken at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.approval_facts import Review
from bot.model.facts import Check, Comment, Commit, OwnCheck, Pull, Repository, RepositoryFile, Unknown
from bot.model.policy import Policy, RulesError

_NOT_ASKED = Unknown(why="they were not asked for")


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesFile:
    """A config repository's rules file as it stands on the default branch, unread."""

    repository: Repository
    head_sha: str
    files: Mapping[str, bytes]
    """Path to bytes for each of the accepted places that exists; empty when it is no config repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyResult:
    """What reading the rules gave: a policy, or the errors (never both)."""

    policy: Policy | None
    errors: tuple[RulesError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One of our branches, with the commit it stands at."""

    name: str
    head: Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSnapshot:
    """What is known when asking what to propose for an environment."""

    taken_at: datetime
    repository: Repository
    base_sha: str
    files: Mapping[str, RepositoryFile | Unknown]
    """The values files of this environment and of the one it comes from, at `base_sha`; a missing file is Unknown."""
    branches: Mapping[str, Branch]
    """Those of the expected branches that exist, by name."""
    branch_files: Mapping[str, Mapping[str, RepositoryFile | Unknown]]
    """For each existing branch: this environment's values files at its head."""
    pulls: Mapping[str, Pull]
    """Open pull requests by branch name (base: the default branch; head: this repository)."""
    comments: Mapping[int, tuple[Comment, ...]] = field(default_factory=dict)
    """Lockstep's own comments by pull request number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullSnapshot:
    """What is known when asking whether a pull request may be merged."""

    taken_at: datetime
    repository: Repository
    base_head_sha: str
    """The base branch's commit now."""
    pull: Pull
    head: Commit
    checks: tuple[Check, ...] | Unknown
    """Other people's check runs and statuses on the head commit, all pages."""
    own_checks: tuple[OwnCheck, ...]
    base_files: Mapping[str, RepositoryFile | Unknown]
    head_files: Mapping[str, RepositoryFile | Unknown]
    comments: tuple[Comment, ...] = ()
    """Lockstep's own comments."""
    said: tuple[Comment, ...] = ()
    """Everybody else's comments as they stand now; what was deleted is not among them."""
    reviews: tuple[Review, ...] | Unknown = _NOT_ASKED
    """All reviews, all pages, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMember:
    """A pull request in a merge group, with the head that GitHub says it has."""

    number: int
    head_sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeGroup:
    """A commit of the merge queue: what the base branch would be with all of `members` merged."""

    head_sha: str
    members: tuple[GroupMember, ...]
    """In the queue's order; the last is the one that the commit was made for."""
    files: Mapping[str, RepositoryFile | Unknown]
    own_checks: tuple[OwnCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The commits of an app repository that a release brings, newest first; `complete` when the old one was reached."""

    commits: tuple[Commit, ...]
    complete: bool
