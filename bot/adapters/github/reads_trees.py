"""Folders at a commit in few requests: one question for where they are, one listing each, blobs many at a time.

What was read before is not asked again (`objects`). GitHub's text of a blob is proved by its Git object id, as in
`blobs`. https://docs.github.com/en/rest/git/trees#get-a-tree
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.adapters.github.blobs import blob_id, raw_blob
from bot.adapters.github.channel import Channel
from bot.adapters.github.objects import Listed
from bot.adapters.github.queries import ENTRIES_QUERY, blobs_query, places_query
from bot.adapters.github.reads_repositories import identified, resolve
from bot.model.facts import Repository, Unknown
from bot.model.tree import Tree, TreeFile

MOST_FILES = 5000
"""Below one path; each is a file of rules, tests or runbooks."""
LARGEST = 2_000_000
"""Bytes of one file; a larger one is told, never downloaded."""
MOST_BYTES = 24_000_000
"""Bytes of all files below one path together."""
_TOGETHER, _TOGETHER_BYTES = 60, 1_500_000
"""Blobs asked for in one question; GitHub gives a question ten seconds."""
_LONGEST_TEXT = 400_000
"""GraphQL cuts texts at 512,000 bytes, so longer ones go another way."""
_TREE = 0o040000
_PLAIN = (0o100644, 0o100755)


def trees(
    channel: Channel, repository_id: int, commit: str, paths: Iterable[str]
) -> Mapping[str, Tree | Unknown]:
    """What stands at each path of a commit. Unknown (`absent`) where nothing does, and Unknown for what is larger than
    the limits; a path is never read in part, but for single files that are too large."""
    repository = resolve(channel, repository_id)
    wanted = list(dict.fromkeys(paths))
    _ask_places(channel, repository, commit, wanted)
    listed = {path: _listed(channel, repository, commit, path) for path in wanted}
    _read_blobs(channel, repository, [each for each in listed.values() if not isinstance(each, Unknown)])
    return {
        path: found if isinstance(found, Unknown) else _tree(channel, repository, commit, path, found)
        for path, found in listed.items()
    }


def entries(channel: Channel, repository_id: int, commit: str, folder: str) -> tuple[str, ...]:
    """The names in one folder of a commit (`""` is the root), folders with `/`; links and submodules are left out.
    Nothing for what is no folder."""
    known = channel.shared.objects
    found = known.names(repository_id, commit, folder)
    if found is None:
        repository = resolve(channel, repository_id)
        variables = {"repository": repository.node_id, "expression": f"{commit}:{folder}"}
        reply = channel.graphql(ENTRIES_QUERY, variables, purpose="trees")
        reply.must_be_read()
        node = reply.data.get("node")
        identified(channel, node, repository)
        tree = (node or {}).get("object") or {}
        found = tuple(
            f"{each['name']}/" if int(each["mode"]) == _TREE else str(each["name"])
            for each in tree.get("entries") or ()
            if int(each["mode"]) in (_TREE, *_PLAIN)
        )
        known.remember_names(repository_id, commit, folder, found)
    return found


def _ask_places(channel: Channel, repository: Repository, commit: str, paths: Sequence[str]) -> None:
    known = channel.shared.objects
    missing = [path for path in paths if known.place(repository.id, commit, path) is None]
    if not missing:
        return
    variables: dict[str, Any] = {"repository": repository.node_id, "commit": commit}
    variables |= {f"p{index}": path for index, path in enumerate(missing)}
    reply = channel.graphql(places_query(len(missing)), variables, purpose="trees")
    reply.must_be_read()
    node = reply.data.get("node")
    identified(channel, node, repository)
    found = (node or {}).get("object")
    if not found or "oid" not in found:
        return
    for index, path in enumerate(missing):
        entry = found.get(f"f{index}")
        place = (int(entry["mode"]), str(entry["oid"]), int(entry["size"])) if entry else (0, "", 0)
        known.remember_place(repository.id, commit, path, place)


def _listed(channel: Channel, repository: Repository, commit: str, path: str) -> Sequence[Listed] | Unknown:
    """The entries below a path, each with its path from the root; a single file is its own only entry."""
    where = f"{path} at {commit[:12]}"
    place = channel.shared.objects.place(repository.id, commit, path)
    if place is None:
        return Unknown(why=f"{repository.full_name} has no commit {commit[:12]}")
    mode, oid, size = place
    if mode == 0:
        return Unknown(why=f"{path} does not exist at {commit[:12]}", absent=True)
    if mode != _TREE:
        return (Listed(path=path, oid=oid, mode=mode, size=size),)
    entries = _entries(channel, repository, oid)
    if isinstance(entries, Unknown):
        return Unknown(why=f"{where}: {entries.why}")
    if len(entries) > MOST_FILES:
        return Unknown(why=f"{where} holds {len(entries)} files, more than the {MOST_FILES} that are read")
    total = sum(each.size for each in entries if _is_read(each))
    if total > MOST_BYTES:
        return Unknown(why=f"{where} holds {total} bytes, more than the {MOST_BYTES} that are read")
    return tuple(
        Listed(path=f"{path}/{each.path}", oid=each.oid, mode=each.mode, size=each.size) for each in entries
    )


def _entries(channel: Channel, repository: Repository, tree: str) -> Sequence[Listed] | Unknown:
    known = channel.shared.objects.listing(tree)
    if known is not None:
        return known
    path = f"/repos/{repository.full_name}/git/trees/{tree}"
    answer = channel.rest("GET", path, purpose="trees", params={"recursive": 1}, allow=(404,))
    if answer.status == 404:
        return Unknown(why=f"GitHub has no tree {tree}")
    if answer.data.get("truncated"):
        return Unknown(why="holds more files than GitHub lists")
    found = tuple(
        Listed(path=each["path"], oid=each["sha"], mode=int(each["mode"], 8), size=int(each.get("size") or 0))
        for each in answer.data["tree"]
        if each["type"] != "tree"
    )
    channel.shared.objects.remember_listing(tree, found)
    return found


def _is_read(entry: Listed) -> bool:
    return entry.mode in _PLAIN and entry.size <= LARGEST


def _read_blobs(channel: Channel, repository: Repository, listings: Sequence[Sequence[Listed]]) -> None:
    """Takes in the blobs that are not known yet, as many together as one question can carry."""
    objects = channel.shared.objects
    sizes = {each.oid: each.size for entries in listings for each in entries if _is_read(each)}
    missing = {oid: size for oid, size in sizes.items() if objects.blob(oid) is None}
    for oids in _portions({oid: size for oid, size in missing.items() if size <= _LONGEST_TEXT}):
        variables: dict[str, Any] = {"repository": repository.node_id}
        variables |= {f"b{index}": oid for index, oid in enumerate(oids)}
        reply = channel.graphql(blobs_query(len(oids)), variables, purpose="trees")
        reply.must_be_read()
        node = reply.data.get("node") or {}
        for index, oid in enumerate(oids):
            text = (node.get(f"o{index}") or {}).get("text")
            data = None if text is None else str(text).encode("utf-8", "surrogatepass")
            if data is not None and blob_id(data) == oid:
                objects.remember_blob(oid, data)


def _portions(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    portion: list[str] = []
    total = 0
    for oid, size in sizes.items():
        if portion and (len(portion) >= _TOGETHER or total + size > _TOGETHER_BYTES):
            yield portion
            portion, total = [], 0
        portion.append(oid)
        total += size
    if portion:
        yield portion


def _tree(
    channel: Channel, repository: Repository, commit: str, path: str, entries: Sequence[Listed]
) -> Tree | Unknown:
    files: dict[str, TreeFile] = {}
    for entry in sorted(entries, key=lambda each: each.path):
        data: bytes | None = None
        if _is_read(entry):
            data = channel.shared.objects.blob(entry.oid)
            if data is None:
                data = raw_blob(channel, repository.full_name, entry.oid)
            if data is None:
                return Unknown(
                    why=f"{entry.path} at {commit[:12]} could not be read: GitHub has no blob {entry.oid}"
                )
            channel.shared.objects.remember_blob(entry.oid, data)
        files[entry.path] = TreeFile(
            path=entry.path, oid=entry.oid, mode=entry.mode, size=entry.size, data=data
        )
    place = channel.shared.objects.place(repository.id, commit, path)
    return Tree(path=path, oid=place[1] if place else "", files=files)
