"""Did what is on the default branch come through merged pull requests (row R8)? Facts only: GitHub's own word.

A branch moves along first parents: each step is a merge, a squash, one of a rebase's commits, or something that was
pushed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from bot.model.facts import Commit, Repository
from bot.model.landing import Arrival, Arrivals, MergedPull, Step

ONE_MERGE = timedelta(seconds=60)
"""GitHub writes all commits of a rebase at once; one that is older was there before."""
SHOWN = 12
"""Changed keys named in a summary; the others are counted."""


def steps(found: Arrivals, old: str, new: str, repository: Repository) -> tuple[Step, ...]:
    """The steps from `old` (left out) to `new`, newest first.

    Where a step does not lead to `old` along first parents (somebody swapped a merge's parents), it ends at the first
    commit that `old` had already: that step itself came through no pull request.
    """
    before = _reached(found.by_sha, old)
    taken: list[Step] = []
    rebase: tuple[MergedPull, Commit] | None = None
    sha: str | None = new
    while sha is not None and sha != old and sha not in before and sha in found.by_sha:
        arrival = found.by_sha[sha]
        through = _merged_as(arrival, repository)
        if through is None and rebase is not None:
            through = _of_rebase(arrival, *rebase)
        parents = arrival.commit.parents
        earlier = found.by_sha.get(parents[0]) if parents else None
        touches = earlier is None or earlier.files != arrival.files
        taken.append(Step(commit=arrival.commit, through=through, touches=touches))
        single = len(parents) == 1
        rebase = (through, arrival.commit) if through is not None and single else None
        sha = parents[0] if parents else None
    return tuple(taken)


def _merged_as(arrival: Arrival, repository: Repository) -> MergedPull | None:
    """The pull request whose merge made the commit. One that is merged *as its own head* was not merged on GitHub:
    somebody pushed its commits, and GitHub noticed."""
    sha = arrival.commit.sha
    for pull in arrival.pulls:
        here = pull.base_repository_id == repository.id and pull.base_ref == repository.default_branch
        if here and pull.merge_sha == sha and pull.head_sha != sha:
            return pull
    return None


def _of_rebase(arrival: Arrival, pull: MergedPull, last: Commit) -> MergedPull | None:
    """Whether it is an earlier commit of a merge by rebase, whose last one is known."""
    belongs = any(each.number == pull.number for each in arrival.pulls)
    times = (arrival.commit.committed_at, last.committed_at)
    if not belongs or times[0] is None or times[1] is None or len(arrival.commit.parents) != 1:
        return None
    return pull if abs(times[1] - times[0]) <= ONE_MERGE else None


def _reached(by_sha: Mapping[str, Arrival], start: str) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        sha = waiting.pop()
        if sha not in seen:
            seen.add(sha)
            arrival = by_sha.get(sha)
            waiting.extend(arrival.commit.parents if arrival else ())
    return frozenset(seen)


def managed(paths: Iterable[str], files: Collection[str], directories: Collection[str]) -> tuple[str, ...]:
    """Those of the paths that are managed: the files themselves, and all below the directories."""
    below = tuple(f"{directory.rstrip('/')}/" for directory in directories)
    return tuple(path for path in paths if path in files or path.startswith(below))


def what_changed(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> str:
    """Which keys changed, from what to what, in a sentence; None stands for a file that cannot be read."""
    if old is None or new is None:
        return "the rules before cannot be read" if old is None else "the rules cannot be read any more"
    parts = [
        f"{key}: {_word(old.get(key))} → {_word(new.get(key))}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    if not parts:
        return "only the wording, no value"
    more = f"; and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return "; ".join(parts[:SHOWN]) + more


def _word(value: str | None) -> str:
    if value is None:
        return "(nothing)"
    return value if len(value) <= 60 else f"{value[:59]}…"
