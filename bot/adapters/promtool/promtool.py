"""promtool: https://prometheus.io/docs/prometheus/latest/command-line/promtool/

Its words are read by `decide.probes`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.confined import Limits, program, version_of, workspace
from bot.model.probes import Said


def _quiet(_: str) -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promtool:
    """One installed promtool. `told` hears of each test file when it is done."""

    path: Path
    version: str
    limits: Limits = field(default_factory=Limits)
    told: Callable[[str], None] = _quiet

    @classmethod
    def found(cls, given: str | None = None, limits: Limits | None = None) -> Promtool:
        """The promtool at `given`, or on the PATH. Raises ProgramMissing."""
        path = program("promtool", given=given, package="prometheus")
        limits = limits or Limits()
        return cls(path=path, version=version_of(path, limits), limits=limits)

    def check_rules(self, files: Mapping[str, bytes], names: Sequence[str]) -> Said:
        """`promtool check rules` on all of `names` in one run. `files` are all that it sees."""
        with workspace(files, self.limits) as here:
            return here.run(self.path, ["check", "rules", "--lint=none", *(f"./{name}" for name in names)])

    def test_rules(self, files: Mapping[str, bytes], names: Sequence[str]) -> Mapping[str, Said]:
        """`promtool test rules`, one run for each name, some at a time; one that never ends hides no other."""
        with workspace(files, self.limits) as here, ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:

            def run(name: str) -> Said:
                said = here.run(self.path, ["test", "rules", f"./{name}"])
                self.told(name)
                return said

            return dict(zip(names, pool.map(run, names), strict=True))
