"""One question about a merge group: what stands in the queue up to it, and its commit with our checks and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.adapters.github.blobs import files_of
from bot.adapters.github.channel import Channel
from bot.adapters.github.queries import merge_group_query
from bot.adapters.github.reads_pull import checks_at
from bot.adapters.github.reads_repositories import identified, resolve
from bot.errors import Terminal
from bot.model.facts import Unknown
from bot.model.snapshot import GroupMember, MergeGroup


def merge_group(
    channel: Channel, app_id: int, repository_id: int, base_ref: str, head_sha: str, files: Iterable[str]
) -> MergeGroup | None:
    """Reads it; None when no entry of the queue has that commit now. Everything that stands before the entry is taken
    for a member: who is judged too often can only fail. Raises Terminal when queue or checks may not be read."""
    repository = resolve(channel, repository_id)
    paths = list(dict.fromkeys(files))
    variables: dict[str, Any] = {"repository": repository.node_id, "branch": base_ref, "head": head_sha}
    variables |= {f"p{index}": path for index, path in enumerate(paths)}
    reply = channel.graphql(merge_group_query(len(paths)), variables, purpose="merge group")
    reply.must_be_read()
    found = reply.data.get("node") or {}
    current = identified(channel, found, repository)
    head = found.get("object") or {}
    entries = ((found.get("mergeQueue") or {}).get("entries") or {}).get("nodes") or []
    last = next((each["position"] for each in entries if _head(each) == head_sha), None)
    if last is None or head.get("oid") != head_sha:
        return None
    others, own = checks_at(channel, app_id, current, reply, head)
    if isinstance(others, Unknown):
        raise Terminal(others.why)
    before = sorted((each for each in entries if each["position"] <= last), key=lambda each: each["position"])
    return MergeGroup(
        head_sha=head_sha,
        members=tuple(_member(each["pullRequest"]) for each in before if each.get("pullRequest")),
        files=files_of(channel, current.full_name, head, paths, where=f"the merge group {head_sha[:12]}"),
        own_checks=own,
    )


def _head(entry: Mapping[str, Any]) -> str | None:
    return (entry.get("headCommit") or {}).get("oid")


def _member(pull: Mapping[str, Any]) -> GroupMember:
    return GroupMember(number=pull["number"], head_sha=pull["headRefOid"])
