"""Bytes → rule files, strictly: what Prometheus' own reader would refuse is refused with its line.

The positions come from the bump's parser: aliases are never expanded there, duplicate keys, bad UTF-8, too deep and
too large files are refused (attack cases 49, 52). Here aliases and merges are followed within a budget.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.decide.alerts.fields import Fields, Site
from bot.decide.alerts.kinds import What, items_of, what_is
from bot.decide.alerts.values import (
    GROUP_FIELDS,
    PROMETHEUS,
    RULE_FIELDS,
    AlertsRefused,
    Dialect,
    Document,
    Group,
    NotRules,
    Problem,
    Rule,
    RuleFile,
)
from bot.decide.bump.nodes import Kind, Node
from bot.decide.bump.parse import Parsed, parse
from bot.decide.bump.values import BumpRefused

MAX_RULES = 100_000
"""In one file, aliases followed."""
_LINE = re.compile("\n")
_ACTION = re.compile(rb"^[ \t]*(?:- +)?(?:[\w./-]+: +)?\{\{", re.MULTILINE)
"""An action of a chart's template where YAML has a line or a value; in rules they stand within quotes and blocks."""
_CHART = "{{ … }} makes it a chart's template: render the chart and give the result, or leave it out with --exclude"
_HINT = "correct it, move the file out of the source, or leave it out with --exclude"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A rule file with what editing it needs: the positions, and for each rule the nodes behind it, in order."""

    file: RuleFile
    parsed: Parsed
    sites: list[Site]
    group_labels: list[dict[str, tuple[Node, Node]]]


def read_rules(data: bytes, *, file: str, dialect: Dialect = PROMETHEUS) -> RuleFile | NotRules:
    """Read a plain rule file or PrometheusRule manifests (multi-document, lists), or say what it is instead.

    Raises AlertsRefused with every problem of form found (unknown fields, wrong types, YAML that is not certain). What
    is wrong in the content (names, expressions, templates) is told by `check_rules`.
    """
    read = read_file(data, file=file, dialect=dialect)
    return read if isinstance(read, NotRules) else read.file


def read_file(data: bytes, *, file: str, dialect: Dialect = PROMETHEUS) -> Read | NotRules:
    """The same with positions and nodes, for the rooms of this package."""
    try:
        parsed = parse(data, file=file, templates=False)
    except BumpRefused as error:
        line, column = _scanned(error) or (error.line, None)
        message = f"{error.message.partition('; ')[0]}; {_CHART}" if _ACTION.search(data) else error.message
        problem = Problem(file=file, line=line, column=column, message=message)
        raise AlertsRefused([problem]) from error
    return _Reader(parsed, dialect).read()


def _is_empty(node: Node) -> bool:
    """`groups: {}`, as some generators leave behind in manifests."""
    return node.kind is Kind.MAPPING and not node.entries


def _scanned(error: BumpRefused) -> tuple[int, int] | None:
    """Where the token starts that the scanner could not finish: promtool names that line, not where it gave up."""
    cause = error.__cause__
    mark = getattr(cause, "context_mark", None)
    return (mark.line + 1, mark.column + 1) if type(cause).__name__ == "ScannerError" and mark else None


class _Reader:
    """Reads one file; problems are collected, so that all of them are told at once."""

    def __init__(self, parsed: Parsed, dialect: Dialect) -> None:
        starts = [0, *(found.end() for found in _LINE.finditer(parsed.text))]
        self.parsed, self.dialect = parsed, dialect
        self.file = RuleFile(file=parsed.file, documents=(), line_starts=starts)
        self.fields = Fields(self.file)
        self.sites: list[Site] = []
        self.group_labels: list[dict[str, tuple[Node, Node]]] = []

    def read(self) -> Read | NotRules:
        roots = [root.real() for root in self.parsed.documents]
        kinds = [what_is(root, self.parsed.file) for root in roots]
        others = {kind for kind in kinds if kind is not What.EMPTY}
        if others and not others & {What.RULES, What.MANIFEST, What.LIST, What.UNKNOWN}:
            return NotRules(file=self.parsed.file, what=" and ".join(sorted(kind.value for kind in others)))
        documents = [
            found for root, kind in zip(roots, kinds, strict=True) for found in self._document(root, kind)
        ]
        if (
            What.LIST in others
            and not others & {What.RULES, What.MANIFEST}
            and not any(d.groups for d in documents)
        ):
            return NotRules(file=self.parsed.file, what=What.KUBERNETES.value)
        if self.fields.problems:
            raise AlertsRefused(self.fields.problems)
        file = RuleFile(file=self.parsed.file, documents=tuple(documents), line_starts=self.file.line_starts)
        return Read(file=file, parsed=self.parsed, sites=self.sites, group_labels=self.group_labels)

    def _document(self, root: Node, kind: What) -> Iterator[Document]:
        if kind is What.RULES:
            yield self._plain(root)
        elif kind is What.MANIFEST:
            yield self._manifest(root)
        elif kind is What.LIST:
            yield from self._list(root)
        elif kind is What.KUBERNETES:
            yield self._object(root)
        elif kind is not What.EMPTY:
            said = (
                "is neither rules (`groups:`) nor a Kubernetes manifest"
                if kind is What.UNKNOWN
                else kind.value
            )
            self.fields.tell(root, f"this document {said}; {_HINT}")

    def _plain(self, root: Node) -> Document:
        entries = self.fields.of(root, "the file")
        for name, (key, _) in entries.items():
            if name != "groups":
                self.fields.tell(key, f"field {name} is not known beside groups; remove it")
        groups = self._groups(entries["groups"][1])
        return Document(name="", groups=groups, rest={}, marks={"": root.start})

    def _manifest(self, root: Node) -> Document:
        rest, marks = self.fields.flat(root, without="spec")
        name = "/".join(filter(None, (rest.get("/metadata/namespace"), rest.get("/metadata/name"))))
        spec = root.get("spec")
        groups: tuple[Group, ...] = ()
        if spec is None or spec[1].real().kind is not Kind.MAPPING:
            self.fields.tell(spec[0] if spec else root, "a PrometheusRule needs a spec with groups; add it")
        else:
            entries = self.fields.of(spec[1].real(), "spec")
            for field, (key, _) in entries.items():
                if field != "groups":
                    self.fields.tell(key, f"field {field} is not known in a PrometheusRule's spec; remove it")
            if "groups" in entries and not _is_empty(entries["groups"][1].real()):
                groups = self._groups(entries["groups"][1])
        return Document(name=name, groups=groups, rest=rest, marks={**marks, "": root.start})

    def _list(self, root: Node) -> Iterator[Document]:
        items = items_of(root)
        assert items is not None  # noqa: S101 - `what_is` has seen it
        key = items[1].name or ""
        rest, marks = self.fields.flat(root, without=key)
        yield Document(name="", groups=(), rest=rest, marks={**marks, "": root.start})
        for item in items[1].real().items:
            real = item.real()
            kind = what_is(real, self.parsed.file)
            yield from self._document(real, kind if kind is not What.LIST else What.KUBERNETES)

    def _object(self, root: Node) -> Document:
        rest, marks = self.fields.flat(root)
        name = "/".join(filter(None, (rest.get("/kind"), rest.get("/metadata/name"))))
        return Document(name=name, groups=(), rest=rest, marks={**marks, "": root.start})

    def _groups(self, node: Node) -> tuple[Group, ...]:
        return tuple(self._group(item) for item in self.fields.items(node, "groups"))

    def _group(self, node: Node) -> Group:
        marks: dict[str, int] = {"": node.start}
        found: dict[str, str] = {}
        labels: dict[str, str] = {}
        rules: list[Rule] = []
        name = ""
        for field, (key, value) in self.fields.of(node.real(), "a group").items():
            marks[field] = value.start
            if field == "name":
                name = self.fields.text(value, "the group's name")
            elif field == "rules":
                for index, item in enumerate(self.fields.items(value, "rules")):
                    rules.append(self._rule(item, index))
            elif field == "labels":
                labels = self.fields.texts(value, "labels", marks)
                self.group_labels.append(self.fields.mapping(value, "labels"))
            elif field in GROUP_FIELDS:
                found[field] = self.fields.text(value, field)
            elif field in self.dialect.fields:
                self.fields.flatten(value, field, found, marks)
            else:
                self.fields.tell(key, f"field {field} is not known in a group; correct or remove it")
        if "labels" not in marks:
            self.group_labels.append({})
        return Group(name=name, fields=found, labels=labels, rules=tuple(rules), marks=marks)

    def _rule(self, node: Node, index: int) -> Rule:
        if len(self.sites) >= MAX_RULES:
            message = f"holds more than {MAX_RULES} rules; split the file"
            raise AlertsRefused([self.file.problem(node.start, message)])
        marks: dict[str, int] = {"": node.start}
        texts: dict[str, str] = {}
        extra: dict[str, str] = {}
        maps: dict[str, dict[str, str]] = {"labels": {}, "annotations": {}}
        fields = self.fields.of(node.real(), "a rule")
        for field, (key, value) in fields.items():
            marks[field] = value.start
            if field in ("alert", "record", "expr"):
                texts[field] = self.fields.text(value, field)
            elif field in RULE_FIELDS:
                extra[field] = self.fields.text(value, field)
            elif field in maps:
                maps[field] = self.fields.texts(value, field, marks)
            elif field in self.dialect.fields:
                self.fields.flatten(value, field, extra, marks)
            else:
                self.fields.tell(key, f"field {field} is not known in a rule; correct or remove it")
        alert, record = texts.get("alert", ""), texts.get("record", "")
        if bool(alert) == bool(record):
            said = "both alert and record" if alert else "neither alert nor record"
            self.fields.tell(node, f"a rule needs an alert or a record, and this one has {said}")
        rule = Rule(
            alerting=not record,
            name=alert or record,
            expr=texts.get("expr", ""),
            fields=extra,
            labels=maps["labels"],
            annotations=maps["annotations"],
            index=index,
            marks=marks,
        )
        self.sites.append(Site(rule=rule, node=node.real(), fields=fields))
        return rule
