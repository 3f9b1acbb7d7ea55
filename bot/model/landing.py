"""How commits came onto a branch: the steps it made, and the pull requests that GitHub says they came through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.facts import Actor, Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedPull:
    """A merged pull request that GitHub connects with a commit."""

    number: int
    author: Actor
    merged_by: Actor | None
    merge_sha: str | None
    head_sha: str
    base_ref: str
    base_repository_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A commit with the merged pull requests that GitHub connects with it. `files`: of the files that were asked for
    those that are there, by path, as Git identifies their content and mode."""

    commit: Commit
    files: Mapping[str, str] = field(default_factory=dict)
    pulls: tuple[MergedPull, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """The newest commits that can be reached from a branch's head, newest first, as far as they were read.

    `reached` is False when the commit that was seen last is not among what the head stands on: history was rewritten.
    """

    by_sha: Mapping[str, Arrival]
    reached: bool
    complete: bool
    """False: more commits came than were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the branch, along first parents; `through` None: it came through no pull request."""

    commit: Commit
    through: MergedPull | None
    touches: bool = False
    """Whether one of the files that were asked for is another one than before it."""
