"""The commits that a release brings: what can be reached from its commit, but not from the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.github import parse
from bot.adapters.github.channel import Channel, owner_and_name
from bot.adapters.github.queries import HISTORY_QUERY
from bot.adapters.github.reads_repositories import named
from bot.model.facts import Commit, Unknown
from bot.model.snapshot import History


def history(channel: Channel, repository: str, new: str, old: str | None, limit: int) -> History | Unknown:
    """One question, or none when the commits of `new` are known: the newest hundred, newest first, without what `old`
    had already. `new` and `old` may be abbreviated. Unknown when `new` does not exist."""
    known = channel.shared.known.history(repository, new)
    if known is None:
        owner, name = owner_and_name(repository)
        reply = channel.graphql(HISTORY_QUERY, {"owner": owner, "name": name, "new": new}, purpose="history")
        reply.must_be_read()
        found = taken_in(channel, repository, new, reply.data.get("repository"))
        if isinstance(found, Unknown):
            return found
        known = found
    return between(known, old, limit)


def taken_in(
    channel: Channel, repository: str, new: str, node: Mapping[str, Any] | None
) -> tuple[Commit, ...] | Unknown:
    """Reads a repository's answer about a commit's history, and remembers it when `new` is a commit's id, not a branch
    that moves on."""
    found = named(channel, node, repository)
    if found is None:
        return Unknown(why=f"{repository} does not exist, or the App may not see it")
    commit = found.get("object")
    if not commit or "history" not in commit:
        return Unknown(why=f"{repository} has no commit {new}")
    commits = tuple(parse.commit(each) for each in commit["history"]["nodes"])
    if str(commit["oid"]).startswith(new):
        channel.shared.known.remember_history(repository, new, commits)
    return commits


def between(commits: Sequence[Commit], old: str | None, limit: int) -> History:
    """Of `commits` (newest first, the first is the new one), those that `old` does not reach, at most `limit`.

    Cutting the list at `old` would lose commits of side branches that are older than it but merged after it, so the
    parents are walked. Complete when `old` was met and no line leaves the list unexplained.
    """
    by_sha = {commit.sha: commit for commit in commits}
    start = next((c.sha for c in commits if old and c.sha.startswith(old.lower())), None)
    if start is None or not commits:
        return History(commits=tuple(commits[:limit]), complete=False)
    before = _reached(by_sha, start, frozenset())
    brought = _reached(by_sha, commits[0].sha, before)
    result = tuple(commit for commit in commits if commit.sha in brought and commit.sha not in before)
    known = all(sha in by_sha for sha in brought)
    return History(commits=result[:limit], complete=known and len(result) <= limit)


def _reached(by_sha: Mapping[str, Commit], start: str, stop: frozenset[str]) -> frozenset[str]:
    """Every commit reachable from `start` without passing `stop`, with the ids at which the list ends."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        sha = waiting.pop()
        if sha in seen or sha in stop:
            continue
        seen.add(sha)
        commit = by_sha.get(sha)
        if commit is not None:
            waiting.extend(commit.parents)
    return frozenset(seen)
