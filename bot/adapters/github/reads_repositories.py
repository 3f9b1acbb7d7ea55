"""Repositories, rules files, files at a commit, and a person's permission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.adapters.github import parse
from bot.adapters.github.blobs import files_of
from bot.adapters.github.channel import Channel, owner_and_name
from bot.adapters.github.graphql import Reply
from bot.adapters.github.queries import DIRECTORY_QUERY, RULES_QUERY, files_query
from bot.errors import Moved, Terminal
from bot.model.facts import Repository, RepositoryFile, Unknown
from bot.model.snapshot import RulesFile

RULES_PATHS = ("promotion/promotion-rules.yaml", ".github/promotion-rules.yaml")
VIEWER = ("viewer",)
"""The field that is asked for on the way and may be refused: the bot's id can be had otherwise."""
_BATCH = 50


def repositories(channel: Channel) -> tuple[Repository, ...]:
    """Every repository that the token reaches, all pages, by REST."""
    found = tuple(
        parse.rest_repository(entry)
        for entry in channel.pages(
            "/installation/repositories",
            purpose="repositories",
            key="repositories",
            params={"per_page": 100},
        )
    )
    channel.shared.known.replace(found)
    return found


def resolve(channel: Channel, repository_id: int) -> Repository:
    """The repository of this id, from memory or the list. Raises Terminal when the installation lacks it (case 26)."""
    known = channel.shared.known.repository(repository_id)
    if known is None:
        repositories(channel)
        known = channel.shared.known.repository(repository_id)
    if known is None:
        raise Terminal(f"repository {repository_id} is not in the installation (any more)")
    return known


def identified(channel: Channel, node: Mapping[str, Any] | None, expected: Repository) -> Repository:
    """The repository as it is named now, proved by its numeric id (attack case 25). Raises Terminal when it is gone,
    Moved when another one answered."""
    if not node or "databaseId" not in node:
        channel.shared.known.forget_named(expected.full_name)
        raise Terminal(
            f"repository {expected.full_name} ({expected.id}) is not in the installation (any more)"
        )
    if node["databaseId"] != expected.id:
        channel.shared.known.forget_named(expected.full_name)
        raise Moved(f"{expected.full_name} is now repository {node['databaseId']}, not {expected.id}")
    found = parse.repository(node)
    channel.shared.known.remember([found])
    labels = (node.get("labels") or {}).get("nodes") or ()
    channel.shared.known.remember_labels(found.id, {label["name"]: label["id"] for label in labels})
    return found


def learn_bot(channel: Channel, reply: Reply) -> None:
    """Takes in the bot's id from an answer that names the viewer, who is the App's bot for an installation token."""
    viewer = reply.data.get("viewer") or {}
    if str(viewer.get("login", "")).endswith("[bot]") and viewer.get("databaseId"):
        channel.shared.known.bot_id = int(viewer["databaseId"])


def rules_files(channel: Channel, repository_ids: Sequence[int]) -> tuple[RulesFile, ...]:
    """Rules files on the default branches: one question for each fifty repositories."""
    known = channel.shared.known
    if any(known.repository(wanted) is None for wanted in repository_ids):
        repositories(channel)
    wanted = [found for found in (known.repository(each) for each in repository_ids) if found is not None]
    result: list[RulesFile] = []
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        reply = channel.graphql(
            RULES_QUERY,
            {
                "repositories": [each.node_id for each in batch],
                "first": RULES_PATHS[0],
                "second": RULES_PATHS[1],
            },
            purpose="rules",
        )
        reply.must_be_read(except_at=VIEWER)
        learn_bot(channel, reply)
        nodes = reply.data.get("nodes") or [None] * len(batch)
        for expected, node in zip(batch, nodes, strict=True):
            if node and node.get("databaseId") == expected.id:
                result.append(_rules_file(channel, identified(channel, node, expected), node))
    return tuple(result)


def _rules_file(channel: Channel, repository: Repository, node: Mapping[str, Any]) -> RulesFile:
    head = (node.get("head") or {}).get("target") or {}
    if not head:
        return RulesFile(repository=repository, head_sha="", files={})
    where = f"{repository.full_name}@{repository.default_branch}"
    present = [path for index, path in enumerate(RULES_PATHS) if head.get(f"f{index}") is not None]
    read = files_of(channel, repository.full_name, head, RULES_PATHS, where=where)
    return RulesFile(
        repository=repository,
        head_sha=head["oid"],
        files={path: _rules_bytes(read[path]) for path in present},
    )


def _rules_bytes(file: RepositoryFile | Unknown) -> bytes:
    """The file's bytes; one that is there but cannot be read, or is a link, becomes rules that no reader accepts and
    that say why, so that it fails closed and shows (never as if there were no rules)."""
    if isinstance(file, Unknown):
        return f"unreadable: {file.why}\n".encode()
    if not file.is_regular:
        return f"unreadable: {file.path} is a symbolic link or submodule (mode {file.mode:o})\n".encode()
    return file.data


def files(
    channel: Channel, repository: str, ref: str, paths: Iterable[str]
) -> Mapping[str, RepositoryFile | Unknown]:
    """Files at a commit, branch or tag, in one question."""
    wanted = list(dict.fromkeys(paths))
    if not wanted:
        return {}
    owner, name = owner_and_name(repository)
    variables = {"owner": owner, "name": name, "ref": ref}
    variables |= {f"p{index}": path for index, path in enumerate(wanted)}
    reply = channel.graphql(files_query(len(wanted)), variables, purpose="files")
    reply.must_be_read()
    found = named(channel, reply.data.get("repository"), repository)
    commit = found.get("object") if found else None
    if not commit or "oid" not in commit:
        why = f"{repository} has no commit {ref}" if found else f"{repository} cannot be seen"
        return {path: Unknown(why=why) for path in wanted}
    return files_of(channel, repository, commit, wanted, where=f"{repository}@{commit['oid'][:12]}")


def directory(
    channel: Channel, repository: str, ref: str, path: str
) -> Mapping[str, RepositoryFile | Unknown] | Unknown:
    """The files of one directory at a commit, in one question; folders in it are left out."""
    owner, name = owner_and_name(repository)
    variables = {"owner": owner, "name": name, "ref": ref, "path": path}
    reply = channel.graphql(DIRECTORY_QUERY, variables, purpose="files")
    reply.must_be_read()
    found = named(channel, reply.data.get("repository"), repository)
    commit = found.get("object") if found else None
    if not commit or "oid" not in commit:
        return Unknown(why=f"{repository} has no commit {ref}" if found else f"{repository} cannot be seen")
    entry = commit.get("file")
    if entry is None:
        return {}
    if "entries" not in (entry.get("object") or {}):
        return Unknown(why=f"{path} is no directory at {repository}@{commit['oid'][:12]}")
    listed = [each for each in entry["object"]["entries"] if each["type"] == "blob"]
    paths = [f"{path}/{each['name']}" for each in listed]
    there = {f"f{index}": each for index, each in enumerate(listed)}
    return files_of(channel, repository, there, paths, where=f"{repository}@{commit['oid'][:12]}")


def named(channel: Channel, node: Mapping[str, Any] | None, full_name: str) -> Mapping[str, Any] | None:
    """A repository asked for by name, held against the id that was known under it. Raises Moved for an impostor."""
    known = channel.shared.known.named(full_name)
    if node is None or known is None or node["databaseId"] == known.id:
        return node
    channel.shared.known.forget_named(full_name)
    raise Moved(f"{full_name} is now repository {node['databaseId']}, not {known.id}")


def permission(channel: Channel, repository: str, login: str, user_id: int | None = None) -> str:
    """Effective permission of a person; somebody whom GitHub does not know has none, and so has somebody whose login
    another one took over: GitHub is asked by login, but the id is the person."""
    path = f"/repos/{repository}/collaborators/{quote(login, safe='')}/permission"
    answer = channel.rest("GET", path, purpose="permission", allow=(404,))
    if answer.status == 404 or (user_id is not None and (answer.data.get("user") or {}).get("id") != user_id):
        return "none"
    return {"admin": "admin", "maintain": "write", "write": "write", "triage": "read", "read": "read"}.get(
        str(answer.data["permission"]), "none"
    )
