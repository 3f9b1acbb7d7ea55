"""How commits came onto the default branch: the newest ones with their pull requests, and the files of one commit.

https://docs.github.com/en/graphql/reference/objects#commit · https://docs.github.com/en/rest/commits/commits
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.github import parse
from bot.adapters.github.channel import Channel
from bot.adapters.github.queries import arrivals_query
from bot.adapters.github.reads_repositories import identified, resolve
from bot.model.facts import Unknown
from bot.model.landing import Arrival, Arrivals, MergedPull

PAGES = (20, 100, 100, 100, 100)
"""Few commits come at a time, and each file of each is looked up."""
MOST_FILES = 3000
"""GitHub lists no more files of a commit than this."""


def arrivals(
    channel: Channel, repository_id: int, old: str, new: str, files: Sequence[str]
) -> Arrivals | Unknown:
    """The commits from `new` down to `old` with their `files`, a page a question, at most `sum(PAGES)`."""
    repository = resolve(channel, repository_id)
    paths = {f"p{index}": path for index, path in enumerate(files)}
    found: dict[str, Arrival] = {}
    after: str | None = None
    for first in PAGES:
        variables = {"repository": repository.node_id, "head": new, "first": first, "after": after, **paths}
        reply = channel.graphql(arrivals_query(len(paths)), variables, purpose="arrivals")
        reply.must_be_read()
        node = reply.data.get("node")
        identified(channel, node, repository)
        commit = (node or {}).get("object")
        if not commit or "history" not in commit:
            return Unknown(why=f"{repository.full_name} has no commit {new[:12]}")
        page = commit["history"]
        for each in page["nodes"]:
            found[each["oid"]] = _arrival(each, files)
        if old in found or not page["pageInfo"]["hasNextPage"]:
            return Arrivals(by_sha=found, reached=old in found, complete=True)
        after = str(page["pageInfo"]["endCursor"])
    path = f"/repos/{repository.full_name}/compare/{old}...{new}"
    answer = channel.rest("GET", path, purpose="arrivals", params={"per_page": 1}, allow=(404,))
    ahead = answer.status == 200 and answer.data.get("status") == "ahead"
    return Arrivals(by_sha=found, reached=ahead, complete=False)


def changed_paths(channel: Channel, repository: str, sha: str) -> tuple[str, ...] | Unknown:
    """The files that a commit changed against its first parent, with both names of renamed ones."""
    path = f"/repos/{repository}/commits/{sha}"
    files = list(channel.pages(path, purpose="arrivals", key="files", params={"per_page": 100}))
    if len(files) >= MOST_FILES:
        return Unknown(why=f"{sha[:7]} changes more files than GitHub lists")
    names = [name for file in files for name in (file["filename"], file.get("previous_filename")) if name]
    return tuple(dict.fromkeys(names))


def _arrival(node: Mapping[str, Any], files: Sequence[str]) -> Arrival:
    pulls = (node.get("associatedPullRequests") or {}).get("nodes") or ()
    there = {path: file for index, path in enumerate(files) if (file := node.get(f"f{index}"))}
    return Arrival(
        files={path: f"{file['mode']}:{file['oid']}" for path, file in there.items()},
        commit=parse.commit(node),
        pulls=tuple(_pull(each) for each in pulls if each.get("merged")),
    )


def _pull(node: Mapping[str, Any]) -> MergedPull:
    merged_by = node.get("mergedBy")
    return MergedPull(
        number=int(node["number"]),
        author=parse.actor(node.get("author")),
        merged_by=parse.actor(merged_by) if merged_by else None,
        merge_sha=(node.get("mergeCommit") or {}).get("oid"),
        head_sha=str(node["headRefOid"]),
        base_ref=str(node["baseRefName"]),
        base_repository_id=(node.get("baseRepository") or {}).get("databaseId"),
    )
