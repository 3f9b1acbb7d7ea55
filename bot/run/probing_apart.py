"""The probes in a process of their own: hostile files are read there; what needs credentials or programs stays here.

`probed_apart` runs there, and asks through `ask` for the repository's files and for what promtool and amtool say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from bot.decide.probes.verdict import verdict_of
from bot.model.apart import Ask
from bot.model.probes import Amtool, Said
from bot.model.verdict import Verdict
from bot.run.probing import Inputs, probe


class NoFiles:
    """Stands in `Inputs.files` for the repository until they are apart, where `ask` leads to it."""

    def read(self, path: str) -> bytes | None:
        """Nothing is here."""

    def entries(self, folder: str) -> Sequence[str]:
        """Nothing is here."""
        return ()


def probed_apart(inputs: Inputs, *, ask: Ask) -> Verdict:
    """The probes' verdict, with `files`, `promtool` and `amtool` as they are near. Raises UserError for theirs."""
    apart = replace(inputs, files=_Files(ask=ask))
    return verdict_of(probe(apart, _Promtool(ask=ask), lambda: _Amtool(ask=ask)))


class Late:
    """amtool, looked for when it is asked something; raises UserError when it is not installed."""

    def __init__(self, found: Callable[[], Amtool]) -> None:
        self._found, self._amtool = found, cast(Amtool | None, None)

    def __getattr__(self, name: str) -> Any:
        self._amtool = self._amtool or self._found()
        return getattr(self._amtool, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    ask: Ask

    def read(self, path: str) -> bytes | None:
        return cast(bytes | None, self.ask("files", "read", path))

    def entries(self, folder: str) -> Sequence[str]:
        return cast(Sequence[str], self.ask("files", "entries", folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Promtool:
    ask: Ask

    @property
    def version(self) -> str:
        return str(self.ask("promtool", "version"))

    def check_rules(self, files: Mapping[str, bytes], names: Sequence[str]) -> Said:
        return cast(Said, self.ask("promtool", "check_rules", dict(files), list(names)))

    def test_rules(self, files: Mapping[str, bytes], names: Sequence[str]) -> Mapping[str, Said]:
        return cast(Mapping[str, Said], self.ask("promtool", "test_rules", dict(files), list(names)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Amtool:
    ask: Ask

    @property
    def version(self) -> str:
        return str(self.ask("amtool", "version"))

    def check_config(self, files: Mapping[str, bytes], name: str) -> Said:
        return cast(Said, self.ask("amtool", "check_config", dict(files), name))

    def routes(
        self, files: Mapping[str, bytes], name: str, labels: Sequence[Mapping[str, str]]
    ) -> Sequence[Said]:
        sets = [dict(each) for each in labels]
        return cast(Sequence[Said], self.ask("amtool", "routes", dict(files), name, sets))
