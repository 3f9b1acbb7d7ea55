"""Puts tables of files to the real guards in one go: starting the engine for each row would take minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.adapters.rego import Rego, shipped
from bot.decide.guards import Guarded, guard
from bot.model.guards import Change, Finding, GuardFile, Module
from bot.model.policy_after import Guards


def look(
    files: Mapping[str, str | bytes],
    guards: Guards | None = None,
    *,
    values: Sequence[str] | None = None,
    change: Change | None = None,
    own: Iterable[Module] = (),
    engine: Rego | None = None,
) -> Guarded:
    """What the shipped guards, and `own`, find in `files`."""
    there = [
        GuardFile(path=path, data=text if isinstance(text, bytes) else text.encode())
        for path, text in files.items()
    ]
    modules = (*shipped(), *own)
    return guard(engine or Rego(), modules, there, guards or Guards(), values=values, change=change)


def found(result: Guarded, path: str, name: str | None = None) -> list[Finding]:
    """The findings in one file, of one guard if it is named."""
    return [each for each in result.findings if each.file == path and name in (None, each.guard)]
