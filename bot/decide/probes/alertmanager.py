"""Alertmanager configurations as values: counts, receivers, templates, and a copy that is safe to hand to amtool.

Also found inside a Kubernetes Secret or ConfigMap and in the values of the Alertmanager chart. The copy names only
templates that were handed over with it; all other words are the file's own (row G3).
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.decide.alerts.values import AlertsRefused, Problem, RuleFile
from bot.decide.probes.patterns import OutsideError, inside, matches
from bot.decide.probes.tree import Leaf, Planter, Row, Table, Value, parsed, written
from bot.model.probes import Files

_NAMES = ("alertmanager.yaml", "alertmanager.yml", "alertmanager-config.yaml", "config.yml", "config.yaml")
_MAX_DEPTH = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One configuration. `inner` says where in the file it was found; `first` is the line it starts at.

    `data` are the bytes as amtool is to see them when no template needs to be redirected (lines stay); `tree` the
    same as a tree.
    """

    file: str
    data: bytes
    tree: Table
    lines: RuleFile = field(repr=False)
    first: int = 1
    exact: bool = True
    """Whether lines of `data` can be led back to the file."""
    written: bool = False
    """Whether `data` was written here, so that offsets do not fit it."""

    @property
    def receivers(self) -> list[str]:
        """The receivers' names."""
        return [each.text("name") for each in self.tree.tables("receivers")]

    @property
    def default(self) -> str:
        """The receiver of the root route."""
        route = self.tree.entries.get("route")
        return route.text("receiver") if isinstance(route, Table) else ""

    @property
    def inhibit_rules(self) -> int:
        """Their number."""
        return len(self.tree.rows("inhibit_rules"))

    def routes(self) -> int:
        """The number of routes below the root."""
        route = self.tree.entries.get("route")
        return sum(1 for _ in _routes(route)) if isinstance(route, Table) else 0

    def templates(self) -> list[tuple[str, int]]:
        """The template patterns with their lines."""
        return [
            (each.text, self.line(each.at)) for each in self.tree.rows("templates") if isinstance(each, Leaf)
        ]

    def line(self, offset: int) -> int:
        """The line in the file of an offset of the tree."""
        return self.first - 1 + self.lines.line(offset) if self.exact else self.first

    def route_line(self) -> int:
        """Where the routes begin."""
        route = self.tree.entries.get("route")
        return self.line(route.at) if route is not None else self.first


def _routes(table: Table) -> Iterator[Table]:
    stack = list(table.tables("routes"))
    while stack:
        here = stack.pop()
        yield here
        stack += here.tables("routes")


def read_config(data: bytes, *, file: str) -> Config:
    """Read a configuration, or the one inside a Secret, ConfigMap or chart values. Raises AlertsRefused."""
    found, lines = parsed(data, file)
    trees = [Planter(lines).tree(root) for root in found.documents]
    for tree in trees:
        # A chart's values may have a `route` too, of another kind.
        if isinstance(tree, Table) and {"route", "receivers"} <= tree.entries.keys():
            return Config(file=file, data=data, tree=tree, lines=lines)
    for tree in trees:
        inner = _inside(tree, lines, 0)
        if inner is not None:
            return inner
    table = next((each for each in trees if isinstance(each, Table)), Table())
    return Config(file=file, data=data, tree=table, lines=lines)


def _inside(value: Value, lines: RuleFile, depth: int) -> Config | None:
    if not isinstance(value, Table) or depth > _MAX_DEPTH:
        return None
    for name, each in value.entries.items():
        if isinstance(each, Leaf) and name in _NAMES and each.text.strip():
            return _text(each, lines, encoded="stringData" not in value.entries and _looks_encoded(each.text))
        if isinstance(each, Table):
            if depth and {"route", "receivers"} <= each.entries.keys():
                return _chart(each, lines)
            inner = _chart(each, lines) if {"route", "receivers"} <= each.entries.keys() else None
            inner = inner or _inside(each, lines, depth + 1)
            if inner is not None:
                return inner
    return None


def _looks_encoded(text: str) -> bool:
    return ":" not in text


def _text(leaf: Leaf, lines: RuleFile, *, encoded: bool) -> Config:
    """The configuration in a text: `stringData`, ConfigMap data, or base64 in a Secret's `data`."""
    file, at = lines.file, lines.line(leaf.at)
    data = leaf.text.encode("utf-8")
    if encoded:
        try:
            data = base64.b64decode("".join(leaf.text.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            message = "the Secret's data is not base64; encode it, or use stringData"
            raise AlertsRefused([Problem(file=file, line=at, column=None, message=message)]) from error
    try:
        found, inner = parsed(data, file)
        tree = Planter(inner).tree(found.documents[0]) if found.documents else Table()
    except AlertsRefused as error:
        said = error.problems[0]
        line = at + (said.line or 1) if not encoded else at
        problem = Problem(file=file, line=line, column=None, message=said.message)
        raise AlertsRefused([problem]) from error
    table = tree if isinstance(tree, Table) else Table()
    # A block scalar's text starts on the line below its indicator.
    return Config(
        file=file, data=data, tree=table, lines=inner, first=at if encoded else at + 1, exact=not encoded
    )


def _chart(table: Table, lines: RuleFile) -> Config:
    """The configuration in a chart's values; the chart itself reads `enabled`."""
    entries = {name: value for name, value in table.entries.items() if name != "enabled"}
    tree = Table(entries, table.at)
    data = (written(tree) + "\n").encode("utf-8")
    return Config(file=lines.file, data=data, tree=tree, lines=lines, written=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What amtool is to see: the configuration under `name`, and the template files."""

    name: str
    files: dict[str, bytes]
    template_files: Sequence[str]
    problems: Sequence[tuple[int, str]]
    """(line, what is wrong) with template patterns."""
    unfound: Sequence[str]
    """Absolute patterns that match nothing in the repository: they are files of Alertmanager's machine."""


def copy_for_amtool(config: Config, files: Files) -> Copy:
    """The copy, in which every template pattern names the files that it matches in the repository, and no others.

    An absolute pattern (`/etc/alertmanager/templates/*.tmpl`) is looked for under its last folders: beside the
    configuration, then at the repository's root.
    """
    folder = posixpath.dirname(config.file)
    problems: list[tuple[int, str]] = []
    unfound: list[str] = []
    handed: dict[str, bytes] = {}
    sources: list[str] = []
    for at, (pattern, line) in enumerate(config.templates()):
        try:
            names = _templates(pattern, folder, files)
        except OutsideError as error:
            problems.append((line, f"templates: {error}"))
            continue
        if not names:
            unfound.append(pattern)
        for name in names:
            data = files.read(name)
            if data is None:
                problems.append(
                    (line, f"templates: {name} is no plain file of the repository; put the file there")
                )
                continue
            handed[f"{at}-{len(handed)}.tmpl"] = data
            sources.append(name)
    return Copy(
        name="alertmanager.yml",
        files={"alertmanager.yml": _redirected(config), **handed},
        template_files=sources,
        problems=problems,
        unfound=unfound,
    )


def _redirected(config: Config) -> bytes:
    """The configuration with each template pattern replaced by one for the files that were handed over for it."""
    rows = config.tree.rows("templates")
    if not rows:
        return config.data
    leaves = [each for each in rows if isinstance(each, Leaf)]
    if config.written or len(leaves) != len(rows) or not all(leaf.end > leaf.at for leaf in leaves):
        row = Row([Leaf(f"{at}-*.tmpl") for at in range(len(leaves))])
        return (written(Table({**config.tree.entries, "templates": row})) + "\n").encode("utf-8")
    text = config.data.decode("utf-8").removeprefix("\ufeff")
    for at, leaf in reversed(list(enumerate(leaves))):
        # As many lines as before: amtool's lines stay the file's.
        new = f'"{at}-*.tmpl"' + "\n" * text.count("\n", leaf.at, leaf.end)
        text = text[: leaf.at] + new + text[leaf.end :]
    return text.encode("utf-8")


def _templates(pattern: str, folder: str, files: Files) -> list[str]:
    if not pattern.startswith("/"):
        return matches(inside(pattern, folder=folder), files)
    parts = [part for part in pattern.split("/") if part]
    for start in range(max(0, len(parts) - 3), len(parts)):
        for base in dict.fromkeys((folder, "")):
            path = inside("/".join(parts[start:]), folder=base)
            names = [name for name in matches(path, files) if name.endswith((".tmpl", ".tpl", ".template"))]
            if names:
                return names
    return []
