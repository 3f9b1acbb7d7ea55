"""amtool: https://github.com/prometheus/alertmanager#amtool. Its words are read by `decide.probes`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.confined import Limits, program, version_of, workspace
from bot.model.probes import Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Amtool:
    """One installed amtool."""

    path: Path
    version: str
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def found(cls, given: str | None = None, limits: Limits | None = None) -> Amtool:
        """The amtool at `given`, or on the PATH. Raises ProgramMissing."""
        path = program("amtool", given=given, package="prometheus-alertmanager")
        limits = limits or Limits()
        return cls(path=path, version=version_of(path, limits), limits=limits)

    def check_config(self, files: Mapping[str, bytes], name: str) -> Said:
        """`amtool check-config` on one of `files`, which are all that it sees."""
        with workspace(files, self.limits) as here:
            return here.run(self.path, ["check-config", f"./{name}"])

    def routes(
        self, files: Mapping[str, bytes], name: str, labels: Sequence[Mapping[str, str]]
    ) -> Sequence[Said]:
        """`amtool config routes test`, one run for each set of labels: the receivers' names, with `,` between."""
        with workspace(files, self.limits) as here, ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
            given = ["config", "routes", "test", f"--config.file=./{name}", "--"]
            runs = [
                [*given, *(f'{key}="{_escaped(value)}"' for key, value in each.items())] for each in labels
            ]
            return list(pool.map(lambda arguments: here.run(self.path, arguments), runs))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
