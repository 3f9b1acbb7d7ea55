"""Files → what guards are asked about: facts for the shipped guards, whole documents for the team's own.

A file is known by its name or by what is in it. One that is guarded and cannot be read is a finding of its own
(fail closed); a chart's template is left out with a note.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.decide.bump.nodes import Kind, Node
from bot.decide.guards import alertmanager, compose, images
from bot.decide.guards.documents import MAX_BYTES, Documents, Refused, read
from bot.decide.guards.dotenv import is_environment_file, variables
from bot.decide.guards.interpolation import possible
from bot.decide.guards.secrets import suspicious_lines
from bot.model.guards import UNREADABLE, Finding, GuardFile

_YAML = (".yaml", ".yml")
_TEMPLATE = re.compile(r"(^|/)templates/", re.IGNORECASE)
_TELLING = re.compile(rb'"(apiVersion|services|receivers|image)"\s*:')
"""What a JSON file must hold to be looked at; most JSON in a repository is none of a guard's business."""


@dataclass(slots=True, kw_only=True)
class Collected:
    """What was read. `facts`: one mapping for each file that has any. `documents`: path, parsed file and root."""

    facts: list[dict[str, Any]] = field(default_factory=list)
    documents: list[tuple[str, Documents, Node]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Files that were left out, and why."""


def is_guarded(path: str) -> bool:
    """Whether any guard but `no_plain_secrets` may have something to say about a file of that name."""
    name = path.lower()
    return (
        name.endswith((*_YAML, ".json")) or is_environment_file(path) or images.is_kustomization(path, None)
    )


def collect(
    files: Iterable[GuardFile], *, values: Sequence[str] | None = None, keep_documents: bool = False
) -> Collected:
    """Everything that guards are asked about.

    `values`: the values files that the rules name; None: every file that is named like one. `keep_documents`: the
    team has guards of its own, which see whole documents.
    """
    taken = Collected()
    listed = list(files)
    neighbours = _Neighbours(listed)
    for file in listed:
        _take(taken, file, values, neighbours, keep_documents=keep_documents)
    for path in neighbours.named - neighbours.read:
        found = neighbours.files.get(path)
        if found is not None:
            _add(taken, found.path, environment=_assigned(found))
    return taken


class _Neighbours:
    """The files around each file: `.env` beside a Compose file, and those that `env_file` names."""

    def __init__(self, files: Sequence[GuardFile]) -> None:
        self.files = {each.path: each for each in files}
        self.named: set[str] = set()
        self.read: set[str] = set()

    def dotenv(self, path: str) -> Mapping[str, str]:
        found = self.files.get(posixpath.join(posixpath.dirname(path), ".env"))
        return {each.name: each.value for each in variables(found.data)} if found else {}

    def name(self, path: str, named: Iterable[str]) -> None:
        folder = posixpath.dirname(path)
        self.named |= {posixpath.normpath(posixpath.join(folder, each)) for each in named}


def _take(
    taken: Collected,
    file: GuardFile,
    values: Sequence[str] | None,
    neighbours: _Neighbours,
    *,
    keep_documents: bool,
) -> None:
    guarded = is_guarded(file.path)
    why = _closed(file)
    if why:
        if guarded:
            _refuse(taken, file.path, Refused(why))
        elif not file.link:
            taken.notes.append(f"{file.path}: not looked at, it {why}")
        return
    _add(taken, file.path, lines=suspicious_lines(file.data))
    if is_environment_file(file.path):
        neighbours.read.add(file.path)
        _add(taken, file.path, environment=_assigned(file))
    elif guarded and not (file.path.lower().endswith(".json") and not _TELLING.search(file.data)):
        _documents(taken, file, values, neighbours, keep_documents=keep_documents)


def _documents(
    taken: Collected,
    file: GuardFile,
    values: Sequence[str] | None,
    neighbours: _Neighbours,
    *,
    keep_documents: bool,
) -> None:
    if _TEMPLATE.search(file.path) and b"{{" in file.data:
        taken.notes.append(f"{file.path}: a chart's template, not looked at; guard what it renders to")
        return
    try:
        documents = read(file.data, file=file.path)
        facts = [_facts(documents, root, file.path, values, neighbours) for root in documents.roots]
    except Refused as error:
        _refuse(taken, file.path, error)
        return
    for fact in facts:
        _add(taken, file.path, **fact)
    if keep_documents:
        taken.documents += [(file.path, documents, root) for root in documents.roots]


def _facts(
    documents: Documents, root: Node, path: str, values: Sequence[str] | None, neighbours: _Neighbours
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"environment": [], "images": [], "targets": []}
    is_values = images.is_named_values(path) if values is None else path in values
    if images.is_kustomization(path, root):
        found["images"] += images.in_kustomization(documents, root)
    elif images.is_manifest(root):
        found["images"] += images.in_manifest(documents, root)
    elif root.kind is Kind.SEQUENCE:
        found["images"] += images.in_list(documents, root)
    elif compose.is_compose(root) or (compose.is_named_compose(path) and not is_values):
        found["environment"] += compose.environment(documents, root, path, neighbours.dotenv(path))
        found["images"] += compose.images(documents, root)
        neighbours.name(path, compose.environment_files(root, neighbours.dotenv(path)))
    elif is_values:
        found["images"] += images.in_values(documents, root)
    for inner, configuration in alertmanager.configurations(documents, root):
        found["targets"] += alertmanager.targets(inner, configuration)
    if not found["targets"] and alertmanager.is_named_alertmanager(path) and not images.is_manifest(root):
        found["targets"] += alertmanager.targets(documents, root)
    return found


def _assigned(file: GuardFile) -> list[dict[str, Any]]:
    """The variables of an environment file, as facts. Compose does not know which service gets them, so all do."""
    return [
        {
            "name": each.name,
            "values": sorted(possible(each.value, {})),
            "line": each.line,
            "service": "every service that reads this file",
            "profiles": [],
            "development": False,
        }
        for each in variables(file.data)
        if compose.CANDIDATE in each.name.upper()
    ]


def _add(taken: Collected, path: str, **facts: list[dict[str, Any]]) -> None:
    there = {name: found for name, found in facts.items() if found}
    if there:
        taken.facts.append({"path": path, **there})


def _refuse(taken: Collected, path: str, error: Refused) -> None:
    message = f"{error}; what no guard can read is not let through"
    taken.findings.append(
        Finding(guard=UNREADABLE, severity="deny", file=path, line=error.line, message=message)
    )


def _closed(file: GuardFile) -> str:
    """Why there is nothing to look into; "" when there is."""
    if file.link:
        return "is a symbolic link, a submodule or a pipe; guards look at files"
    if file.unreadable:
        return f"cannot be read ({file.unreadable})"
    if not file.too_large:
        return ""
    return f"is larger than {MAX_BYTES >> 20} MiB; split it, or list it under guards.ignore"
