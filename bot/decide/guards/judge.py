"""What each guard is asked, and what its answers come to: findings with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.decide.globs import matches_any
from bot.decide.guards.collect import Collected
from bot.decide.guards.documents import Refused, at, plain
from bot.decide.text import truncate, visible
from bot.model.guards import UNREADABLE, Answered, Asked, Change, Finding, Module
from bot.model.policy_after import Guards, Level

_FACTS = re.compile(r"^#\s*input:\s*lockstep\s*$", re.MULTILINE)
"""In a guard's METADATA: it is asked about Lockstep's facts; without it about each document, as by conftest."""
FACT_NAMES = ("environment", "images", "targets", "lines")
_AWKWARD = {code: 0xE000 + code for code in (*range(32), ord('"'), ord("\\"), 127)}
"""The engine keeps strings escaped and forgets it here and there. In facts, characters that would be escaped are
replaced by private ones, and put back into what it says; no shipped guard asks about them."""
_BACK = {there: here for here, there in _AWKWARD.items()}
_CHUNK = 60
"""Facts in one question: the engine takes time with the square of what it finds."""
LONGEST = 400
MOST = 1000
"""Findings, and warnings, that are told of one guard."""


def own_modules(files: Mapping[str, bytes]) -> list[Module]:
    """The team's guards, from the files of their directory: every `.rego` but tests, by its name without the ending."""
    return [
        Module(
            name=path.rpartition("/")[2].removesuffix(".rego"),
            path=path,
            source=data.decode("utf-8", "replace"),
            own=True,
        )
        for path, data in sorted(files.items())
        if path.endswith(".rego") and not path.endswith("_test.rego")
    ]


def level_of(guards: Guards, module: Module) -> Level:
    """What the rules say about a guard; the team's own are as strict as they are written."""
    return Level.DENY if module.own else Level(getattr(guards, module.name))


def is_ignored(guards: Guards, path: str) -> bool:
    """Whether the rules take a file out of the guards' sight."""
    return matches_any(guards.ignore, path)


def questions(
    modules: Iterable[Module], found: Collected, guards: Guards, change: Change | None
) -> tuple[list[Asked], list[Finding]]:
    """What each guard that is switched on is asked; and files that cannot be handed to the team's own guards."""
    on = [each for each in modules if level_of(guards, each) is not Level.OFF]
    by_document = [each for each in on if not _FACTS.search(each.source)]
    inputs, refused = _documents(found) if by_document else ([], [])
    asked = [
        Asked(module=each, inputs=inputs if each in by_document else _facts(each, found, guards, change))
        for each in on
    ]
    return [each for each in asked if each.inputs], refused


def _documents(found: Collected) -> tuple[list[Any], list[Finding]]:
    inputs: list[Any] = []
    refused: list[Finding] = []
    for path, _, root in found.documents:
        try:
            inputs.append(plain(root))
        except Refused as error:
            inputs.append(None)
            refused.append(
                Finding(guard=UNREADABLE, severity="deny", file=path, line=error.line, message=str(error))
            )
    return inputs, refused


def _facts(module: Module, found: Collected, guards: Guards, change: Change | None) -> list[Any]:
    """Only the facts that the guard speaks of, a few files at a time."""
    wanted = [name for name in FACT_NAMES if re.search(rf"(?<!change)\.{name}\b", module.source)]
    around = {"rules": {"allowed_hosts": list(guards.allowed_hosts)}}
    chunks: list[Any] = []
    files: list[dict[str, Any]] = []
    count = 0
    for path, name, facts in (
        (each["path"], name, each[name]) for each in found.facts for name in wanted if name in each
    ):
        for start in range(0, len(facts), _CHUNK):
            part = facts[start : start + _CHUNK]
            if files and count + len(part) > _CHUNK:
                chunks.append({**around, "files": files})
                files, count = [], 0
            files.append({"path": path, name: part})
            count += len(part)
    if files:
        chunks.append({**around, "files": files})
    chunks = _tame(chunks)
    if change is not None and "input.change" in module.source:
        chunks.append({**around, "files": [], "change": _tame(_change(change, guards))})
    return chunks


def _tame(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_AWKWARD) if not value.isalnum() else value
    if isinstance(value, list):
        return [_tame(each) for each in value]
    return {key: _tame(each) for key, each in value.items()} if isinstance(value, dict) else value


def _change(change: Change, guards: Guards) -> dict[str, Any]:
    return {
        "environment": change.environment,
        "paths": [
            {
                "path": path,
                "values": path in change.values,
                "allowed": matches_any(guards.allowed_paths, path),
            }
            for path in change.paths
        ],
    }


def findings(
    asked: Sequence[Asked],
    answered: Sequence[Answered],
    found: Collected,
    guards: Guards,
    refused: Sequence[Finding] = (),
) -> tuple[Finding, ...]:
    """Everything that was found, each once, by file and line. A guard that gave no answer is a finding itself.

    What is beyond MOST of one guard is counted in `found.notes`.
    """
    told = {*found.findings, *refused}
    for question, answer in zip(asked, answered, strict=True):
        module, level = question.module, level_of(guards, question.module)
        if answer.error is not None:
            told.add(_broken(module, level, answer.error))
        for index, results in enumerate(answer.results):
            own = not _FACTS.search(module.source)
            for rule, values in results.items():
                severity = "warn" if level is Level.WARN or rule.startswith("warn") else "deny"
                told |= {_finding(module, severity, value, index if own else None, found) for value in values}
    kept: list[Finding] = []
    counts: dict[tuple[str, str], int] = {}
    for each in sorted(
        told, key=lambda each: (each.file, each.line, each.guard, each.severity, each.message)
    ):
        # Denials and warnings apart: no heap of warnings takes the room of what is denied.
        kind = each.guard, each.severity
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= MOST:
            kept.append(each)
    found.notes += [
        f"{name}: {count - MOST:,} more {'findings' if severity == 'deny' else 'warnings'} are not listed; "
        "mend those that are, and ask again"
        for (name, severity), count in sorted(counts.items())
        if count > MOST
    ]
    return tuple(kept)


def _finding(module: Module, severity: str, value: Any, index: int | None, found: Collected) -> Finding:
    said: Mapping[str, Any] = value if isinstance(value, Mapping) else {"msg": value}
    message = said.get("msg")
    message = message.translate(_BACK) if isinstance(message, str) else "found something"
    file, line = said.get("file"), said.get("line")
    if index is not None:
        path, documents, root = found.documents[index]
        node = at(root, _steps(said.get("path") or said.get("pointer")))
        file, line = path, line or documents.line(node or root)
    return Finding(
        guard=module.name,
        severity=severity,
        file=file.translate(_BACK) if isinstance(file, str) and file else module.path,
        line=line if isinstance(line, int) and line > 0 else 1,
        message=truncate(visible(message), LONGEST, "…"),
    )


def _steps(path: Any) -> list[Any]:
    """Keys and indices, from a list or a JSON Pointer."""
    if isinstance(path, str):
        parts = path.removeprefix("/").split("/") if path else []
        return [each.replace("~1", "/").replace("~0", "~") for each in parts]
    return list(path) if isinstance(path, list) else []


def _broken(module: Module, level: Level, why: str) -> Finding:
    what = "mend the guard" if module.own else "install Lockstep again, or report this"
    message = f"the guard {module.name} could not be evaluated: {visible(why)}; {what}"
    line = re.match(r"line (\d+):", why)
    return Finding(
        guard=module.name,
        severity="warn" if level is Level.WARN else "deny",
        file=module.path,
        line=int(line[1]) if line else 1,
        message=truncate(message, LONGEST, "…"),
    )
