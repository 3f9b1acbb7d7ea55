"""Folders of a repository at one commit: every file below a path, read as a whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFile:
    """One entry below a path that is no folder. `path` starts at the repository's root; `mode` is Git's."""

    path: str
    oid: str
    mode: int
    size: int
    """Bytes; 0 for a submodule."""
    data: bytes | None
    """None when it was not read: too large, or no plain file."""

    @property
    def is_regular(self) -> bool:
        """Whether it is a plain file, not a symbolic link or a submodule."""
        return self.mode in (0o100644, 0o100755)

    def trouble(self) -> str | None:
        """Why it cannot be used, in words that say what to do; None when it was read."""
        if not self.is_regular:
            kind = "symbolic link" if self.mode == 0o120000 else "submodule"
            return f"is a {kind}; put the file itself there"
        if self.data is None:
            return f"has {self.size} bytes, which is more than is read; split it"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What stands at `path`: a folder with all files below it, or one file. `oid` is Git's, the same for the same
    content."""

    path: str
    oid: str
    files: Mapping[str, TreeFile]
    """By path from the repository's root, sorted."""
