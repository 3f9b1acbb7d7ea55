"""What the probes of alert rules take and give (rows A2, G2, G3): what a tool said, and how they read a repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one run of promtool or amtool printed. `trouble` is empty, or why there is no answer to trust."""

    code: int
    text: str
    trouble: str = ""
    """`timed out after 60 s`, `ran out of memory`: neither yes nor no (exit code 3)."""
    seconds: float = 0.0


class Files(Protocol):
    """A repository's files, at one moment. Paths have `/` and start at its root; nothing outside is ever read."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a plain file; None when there is none, or it is a symbolic link or too large."""

    def entries(self, folder: str) -> Sequence[str]:
        """The names in a folder (`""` is the root), folders with `/` at the end; nothing for what is no folder."""


class Promtool(Protocol):
    """Prometheus' own checker, confined. `files` (path → bytes) is all that it sees."""

    @property
    def version(self) -> str:
        """As it tells it, such as `2.42.0`."""

    def check_rules(self, files: Mapping[str, bytes], names: Sequence[str]) -> Said:
        """`promtool check rules` on some of the files."""

    def test_rules(self, files: Mapping[str, bytes], names: Sequence[str]) -> Mapping[str, Said]:
        """`promtool test rules`, one run for each of the names."""


class Amtool(Protocol):
    """Alertmanager's own checker, confined."""

    @property
    def version(self) -> str:
        """As it tells it, such as `0.25.0`."""

    def check_config(self, files: Mapping[str, bytes], name: str) -> Said:
        """`amtool check-config`."""

    def routes(
        self, files: Mapping[str, bytes], name: str, labels: Sequence[Mapping[str, str]]
    ) -> Sequence[Said]:
        """`amtool config routes test`, one run for each set of labels; the text is the receivers' names."""
