"""Git objects that this process has read: what an id stands for never changes, so it need not be asked again.

Kept for a whole installation and bounded by bytes. An object is only ever looked up by an id that GitHub named for a
repository and commit just asked about, so nothing is shown to somebody who could not read it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 64 * 1024 * 1024
MOST_LISTINGS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An entry of a tree, its path below that tree."""

    path: str
    oid: str
    mode: int
    size: int


class Objects:
    """Blobs by id, listings of trees by id, and what stands at a commit's path. Safe between threads."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._most = most_bytes
        self._bytes = 0
        self._blobs: OrderedDict[str, bytes] = OrderedDict()
        self._others: OrderedDict[Hashable, Any] = OrderedDict()

    def blob(self, oid: str) -> bytes | None:
        """The bytes of a blob, if it was read and is still kept."""
        with self._lock:
            found = self._blobs.get(oid)
            if found is not None:
                self._blobs.move_to_end(oid)
            return found

    def remember_blob(self, oid: str, data: bytes) -> None:
        """Takes in a blob; those unused longest are dropped."""
        with self._lock:
            self._bytes += len(data) - len(self._blobs.get(oid, b""))
            self._blobs[oid] = data
            self._blobs.move_to_end(oid)
            while self._bytes > self._most:
                _, dropped = self._blobs.popitem(last=False)
                self._bytes -= len(dropped)

    def listing(self, tree: str) -> Sequence[Listed] | None:
        """Everything below a tree."""
        found: Sequence[Listed] | None = self._other(("tree", tree))
        return found

    def remember_listing(self, tree: str, entries: Sequence[Listed]) -> None:
        """Takes in a tree's listing."""
        self._remember(("tree", tree), entries)

    def place(self, repository_id: int, commit: str, path: str) -> tuple[int, str, int] | None:
        """Mode, id and size of what stands at a path of a commit; mode 0: nothing does."""
        found: tuple[int, str, int] | None = self._other((repository_id, commit, path))
        return found

    def remember_place(self, repository_id: int, commit: str, path: str, found: tuple[int, str, int]) -> None:
        """Takes in what stands there."""
        self._remember((repository_id, commit, path), found)

    def names(self, repository_id: int, commit: str, folder: str) -> tuple[str, ...] | None:
        """The names in a folder of a commit."""
        found: tuple[str, ...] | None = self._other(("names", repository_id, commit, folder))
        return found

    def remember_names(self, repository_id: int, commit: str, folder: str, names: tuple[str, ...]) -> None:
        """Takes in the names in a folder."""
        self._remember(("names", repository_id, commit, folder), names)

    def _other(self, key: Hashable) -> Any:
        with self._lock:
            return self._others.get(key)

    def _remember(self, key: Hashable, value: Any) -> None:
        with self._lock:
            self._others[key] = value
            self._others.move_to_end(key)
            while len(self._others) > MOST_LISTINGS:
                self._others.popitem(last=False)
