"""Files byte for byte: GraphQL gives text, so each is proved by its Git object id, or fetched as it is.

GraphQL cuts long texts, leaves out binary ones, and replaces bytes that are no UTF-8; none of that may reach a values
file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.github.channel import Channel
from bot.model.facts import RepositoryFile, Unknown

LARGEST = 5_000_000
"""Bytes; no values file is larger, and what is larger is not read."""
_TREE, _SUBMODULE = 0o040000, 0o160000


def blob_id(data: bytes) -> str:
    """Git's object id of a blob: SHA-1 over `blob <length>`, a zero byte, and the content."""
    header = f"blob {len(data)}\0".encode()
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


def files_of(
    channel: Channel, full_name: str, commit: Mapping[str, Any], paths: Sequence[str], *, where: str
) -> dict[str, RepositoryFile | Unknown]:
    """The files under aliases `f0` … of a GraphQL commit. `where` says which commit, for the reader of an Unknown."""
    return {
        path: _file(channel, full_name, path, commit.get(f"f{index}"), where)
        for index, path in enumerate(paths)
    }


def _file(
    channel: Channel, full_name: str, path: str, entry: Mapping[str, Any] | None, where: str
) -> RepositoryFile | Unknown:
    if entry is None:
        return Unknown(why=f"{path} does not exist at {where}", absent=True)
    mode = int(entry["mode"])
    if mode == _TREE:
        return Unknown(why=f"{path} is a directory at {where}")
    if mode == _SUBMODULE:
        return RepositoryFile(path=path, oid=entry["oid"], mode=mode, data=b"")
    blob = entry.get("object") or {}
    oid = str(entry["oid"])
    text = blob.get("text")
    if text is not None and not blob.get("isTruncated"):
        data = str(text).encode("utf-8", "surrogatepass")
        if blob_id(data) == oid:
            return RepositoryFile(path=path, oid=oid, mode=mode, data=data)
    size = int(blob.get("byteSize") or 0)
    if size > LARGEST:
        why = f"{path} at {where} has {size} bytes, more than the {LARGEST} that are read"
        return Unknown(why=why, too_large=True)
    return _fetched(channel, full_name, path, oid, mode, where)


def _fetched(
    channel: Channel, full_name: str, path: str, oid: str, mode: int, where: str
) -> RepositoryFile | Unknown:
    data = raw_blob(channel, full_name, oid)
    if data is None:
        return Unknown(why=f"{path} at {where} could not be read: GitHub has no blob {oid} with these bytes")
    return RepositoryFile(path=path, oid=oid, mode=mode, data=data)


def raw_blob(channel: Channel, full_name: str, oid: str) -> bytes | None:
    """A blob by its id, proved by it; None when GitHub does not have it, or gives other bytes."""
    answer = channel.rest("GET", f"/repos/{full_name}/git/blobs/{oid}", purpose="files", allow=(404,))
    if answer.status == 404:
        return None
    data = base64.b64decode(answer.data["content"])
    return data if blob_id(data) == oid else None
