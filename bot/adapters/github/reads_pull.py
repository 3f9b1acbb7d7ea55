"""One question about a pull request: itself, its head commit with every check on it, and files on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bot.adapters.github import parse
from bot.adapters.github.blobs import files_of
from bot.adapters.github.channel import Channel
from bot.adapters.github.graphql import Reply
from bot.adapters.github.queries import CHECKS_QUERY, head_query, pull_query
from bot.adapters.github.reads_pulls import (
    MOST_COMMITS,
    QUEUED,
    commits_of,
    contexts_of,
    everything_said,
    pull_of,
    reviews_of,
)
from bot.adapters.github.reads_repositories import VIEWER, identified, learn_bot, resolve
from bot.errors import Stale
from bot.model.facts import Check, Commit, OwnCheck, Repository, RepositoryFile, Unknown
from bot.model.snapshot import PullSnapshot

_ROLLUP = ("statusCheckRollup",)


def pull(
    channel: Channel,
    app_id: int,
    bot_id: Callable[[], int],
    repository_id: int,
    number: int,
    files: Iterable[str],
) -> PullSnapshot | None:
    """Reads it; None when there is no such pull request. Further questions only for more than a page of anything."""
    repository = resolve(channel, repository_id)
    paths = list(dict.fromkeys(files))
    taken_at = channel.clock()
    variables: dict[str, Any] = {"repository": repository.node_id, "number": number}
    variables |= {f"p{index}": path for index, path in enumerate(paths)}
    reply = channel.graphql(pull_query(len(paths)), variables, purpose="pull")
    reply.must_be_read(except_at=(*_ROLLUP, *VIEWER, *QUEUED))
    learn_bot(channel, reply)
    found = reply.data.get("node")
    current = identified(channel, found, repository)
    node = (found or {}).get("pullRequest")
    if node is None:
        return None
    head = node["commits"]["nodes"][-1]["commit"] if node["commits"]["nodes"] else {}
    if head.get("oid") != node["headRefOid"]:
        reply, head = _head(channel, current, str(node["headRefOid"]), paths)
    others, own = checks_at(channel, app_id, current, reply, head)
    name = current.full_name
    said, bot = everything_said(channel, current, node), bot_id()
    base = (node.get("baseRef") or {}).get("target") or {}
    if base:
        channel.shared.known.remember_tree(base["oid"], base["tree"]["oid"])
    return PullSnapshot(
        taken_at=taken_at,
        repository=current,
        base_head_sha=base.get("oid") or node["baseRefOid"],
        pull=pull_of(channel, current, node, commits=int(node["commits"]["totalCount"])),
        head=parse.commit(head),
        checks=others,
        own_checks=own,
        base_files=_base_files(channel, name, node, base, paths),
        head_files=files_of(channel, name, head, paths, where=f"{name}@{head['oid'][:12]}"),
        comments=tuple(comment for comment in said if comment.author.id == bot),
        said=tuple(comment for comment in said if comment.author.id != bot),
        reviews=reviews_of(channel, current, node),
    )


def checks(channel: Channel, repository_id: int, sha: str) -> tuple[Check, ...] | Unknown:
    """Every check run and status of any commit, all pages; Unknown when it is not there or may not be read.

    Raises Terminal when the repository is not in the installation.
    """
    repository = resolve(channel, repository_id)
    variables = {"repository": repository.node_id, "commit": sha}
    reply = channel.graphql(CHECKS_QUERY, variables, purpose="checks")
    reply.must_be_read(except_at=_ROLLUP)
    found = reply.data.get("node")
    current = identified(channel, found, repository)
    commit = (found or {}).get("object")
    if not commit:
        return Unknown(why=f"{current.full_name} has no commit {sha[:12]}")
    refused = reply.forbidden_at("statusCheckRollup")
    if refused is not None:
        return Unknown(why=f"the checks of {sha[:12]} could not be read: {refused.message}")
    return tuple(parse.check(node) for node in contexts_of(channel, repository, commit))


def pull_commits(channel: Channel, repository_id: int, number: int) -> tuple[Commit, ...] | Unknown:
    """All commits of a pull request with their makers, oldest first. Raises Terminal when the repository is gone."""
    repository = resolve(channel, repository_id)
    listed, total = commits_of(channel, repository, number)
    if len(listed) != total or total >= MOST_COMMITS:
        return Unknown(why=f"GitHub lists {len(listed)} of the {total} commits of #{number}")
    return tuple(parse.pull_commit(node["commit"]) for node in listed)


def _base_files(
    channel: Channel, name: str, node: Mapping[str, Any], base: Mapping[str, Any], paths: Sequence[str]
) -> Mapping[str, RepositoryFile | Unknown]:
    where = f"{name}@{node['baseRefName']}"
    if not base:
        return {path: Unknown(why=f"the base branch {where} is gone") for path in paths}
    return files_of(channel, name, base, paths, where=where)


def _head(
    channel: Channel, repository: Repository, sha: str, paths: Sequence[str]
) -> tuple[Reply, Mapping[str, Any]]:
    """The head commit by its id, when the list of commits did not end with it."""
    variables: dict[str, Any] = {"repository": repository.node_id, "head": sha}
    variables |= {f"p{index}": path for index, path in enumerate(paths)}
    reply = channel.graphql(head_query(len(paths)), variables, purpose="pull")
    reply.must_be_read(except_at=_ROLLUP)
    head = (reply.data.get("node") or {}).get("object")
    if not head:
        raise Stale(f"the head commit {sha} of {repository.full_name} went away while it was read")
    return reply, head


def checks_at(
    channel: Channel, app_id: int, repository: Repository, reply: Reply, head: Mapping[str, Any]
) -> tuple[tuple[Check, ...] | Unknown, tuple[OwnCheck, ...]]:
    """Other people's checks, and ours: the latest of each name, since a re-run adds one."""
    refused = reply.forbidden_at("statusCheckRollup")
    if refused is not None:
        return Unknown(why=f"the checks of {head['oid']} could not be read: {refused.message}"), ()
    nodes = contexts_of(channel, repository, head)
    own: dict[str, Mapping[str, Any]] = {}
    others: list[Check] = []
    for node in nodes:
        if node["__typename"] != "CheckRun" or parse.app_of(node) != app_id:
            others.append(parse.check(node))
            continue
        before = own.get(node["name"])
        if before is None or (node.get("startedAt") or "") >= (before.get("startedAt") or ""):
            own[node["name"]] = node
    for node in own.values():
        channel.shared.known.remember_check(node["id"], parse.known_check(node))
    return tuple(others), tuple(parse.own_check(node) for node in own.values())
