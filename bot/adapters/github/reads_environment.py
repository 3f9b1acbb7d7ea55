"""One question about an environment: its files at the base and on our branches, and our open pull requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.adapters.github import parse
from bot.adapters.github.blobs import files_of
from bot.adapters.github.channel import Channel, owner_and_name
from bot.adapters.github.history import taken_in
from bot.adapters.github.queries import environment_query
from bot.adapters.github.reads_pulls import QUEUED, comments_of, pull_of
from bot.adapters.github.reads_repositories import VIEWER, identified, learn_bot
from bot.errors import Terminal
from bot.model.facts import Comment, Pull, Repository, RepositoryFile, Unknown
from bot.model.snapshot import Branch, EnvironmentSnapshot


def environment(
    channel: Channel,
    bot_id: Callable[[], int],
    repository: Repository,
    files: Iterable[str],
    branches: Iterable[str],
    histories: Iterable[tuple[str, str]] = (),
) -> EnvironmentSnapshot:
    """Reads it. Raises Terminal when the repository is gone or holds no commit, Stale when another took its name.

    `histories` are app repositories with a commit each, whose commits are asked for in the same question, so that
    `history` need not ask again.
    """
    paths, names = list(dict.fromkeys(files)), list(dict.fromkeys(branches))
    taken_at = channel.clock()
    variables: dict[str, Any] = {"repository": repository.node_id}
    variables |= {f"p{index}": path for index, path in enumerate(paths)}
    variables |= {f"r{index}": f"refs/heads/{name}" for index, name in enumerate(names)}
    wanted = [each for each in dict.fromkeys(histories) if channel.shared.known.history(*each) is None]
    for index, (full_name, new) in enumerate(wanted):
        owner, name = owner_and_name(full_name)
        variables |= {f"o{index}": owner, f"n{index}": name, f"e{index}": new}
    document = environment_query(len(paths), len(names), len(wanted))
    reply = channel.graphql(document, variables, purpose="environment")
    reply.must_be_read(except_at=(*VIEWER, *QUEUED))
    learn_bot(channel, reply)
    for index, (full_name, new) in enumerate(wanted):
        taken_in(channel, full_name, new, reply.data.get(f"h{index}"))
    node = reply.data.get("node") or {}
    current = identified(channel, node, repository)
    head = (node.get("head") or {}).get("target") or {}
    if not head:
        raise Terminal(f"{current.full_name} has no commit on its default branch yet")
    channel.shared.known.remember_tree(head["oid"], head["tree"]["oid"])
    found: dict[str, Branch] = {}
    branch_files: dict[str, Mapping[str, RepositoryFile | Unknown]] = {}
    pulls: dict[str, Pull] = {}
    comments: dict[int, tuple[Comment, ...]] = {}
    for index, name in enumerate(names):
        ref = node.get(f"b{index}")
        if not ref or not ref.get("target"):
            continue
        target = ref["target"]
        found[name] = Branch(name=name, head=parse.commit(target))
        channel.shared.known.remember_tree(target["oid"], target["tree"]["oid"])
        branch_files[name] = files_of(
            channel, current.full_name, target, paths, where=f"{current.full_name}@{name}"
        )
        ours = _open_pull(ref, current)
        if ours is not None:
            pulls[name] = pull_of(channel, current, ours, commits=int(ours["commits"]["totalCount"]))
            comments[pulls[name].number] = comments_of(channel, current, ours, bot_id())
    return EnvironmentSnapshot(
        taken_at=taken_at,
        repository=current,
        base_sha=head["oid"],
        files=files_of(
            channel, current.full_name, head, paths, where=f"{current.full_name}@{current.default_branch}"
        ),
        branches=found,
        branch_files=branch_files,
        pulls=pulls,
        comments=comments,
    )


def _open_pull(ref: Mapping[str, Any], repository: Repository) -> Mapping[str, Any] | None:
    """The branch's open pull request to the default branch; GitHub allows no second one of the same pair."""
    for node in ref["associatedPullRequests"]["nodes"]:
        head_repository = (node.get("headRepository") or {}).get("databaseId")
        if node["baseRefName"] == repository.default_branch and head_repository == repository.id:
            return dict(node)
    return None
