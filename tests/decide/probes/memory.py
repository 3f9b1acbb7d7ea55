"""A repository in memory: the port that the pure parts read through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Memory:
    """Files by path."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)

    def read(self, path: str) -> bytes | None:
        found = self.files.get(path)
        return None if found is None else found.encode()

    def entries(self, folder: str) -> Sequence[str]:
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        below = [path.removeprefix(prefix) for path in self.files if path.startswith(prefix)]
        return sorted({name if "/" not in name else name.split("/")[0] + "/" for name in below})
