"""A YAML document as a plain tree that remembers where its parts stand, and that can be written again as YAML.

Aliases and merges are expanded within a budget (attack case 49). Written, it means the same to Go's YAML reader:
plain words stay plain (numbers stay numbers), everything else is quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.decide.alerts.fields import Fields
from bot.decide.alerts.kinds import is_null
from bot.decide.alerts.values import AlertsRefused, Problem, RuleFile
from bot.decide.bump.nodes import Kind, Node
from bot.decide.bump.parse import Parsed, parse
from bot.decide.bump.values import BumpRefused

_PLAIN = re.compile(r"(?:[A-Za-z0-9_~+]|[-.][0-9A-Za-z])[-+.0-9A-Za-z_~]*")
_RAW = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
MAX_TREE = 200_000
"""Values in one document, aliases expanded."""
_NEWLINE = re.compile("\n")


@dataclass(slots=True)
class Leaf:
    """A scalar; `null` reads as the empty text. `at` and `end` are character offsets.

    `end` is 0 where the text cannot be replaced alone: a block scalar, an alias, or what aliases share.
    """

    text: str
    plain: bool = False
    null: bool = False
    at: int = 0
    end: int = 0


@dataclass(slots=True)
class Table:
    """A mapping, `<<` merged."""

    entries: dict[str, Value] = field(default_factory=dict)
    at: int = 0

    def text(self, name: str) -> str:
        """The text under `name`; empty when there is none."""
        found = self.entries.get(name)
        return found.text if isinstance(found, Leaf) else ""

    def rows(self, name: str) -> list[Value]:
        """The items under `name`; none when that is no list."""
        found = self.entries.get(name)
        return found.items if isinstance(found, Row) else []

    def tables(self, name: str) -> Iterator[Table]:
        """The mappings among the items under `name`."""
        return (each for each in self.rows(name) if isinstance(each, Table))


@dataclass(slots=True)
class Row:
    """A sequence."""

    items: list[Value] = field(default_factory=list)
    at: int = 0


Value = Leaf | Table | Row


def parsed(data: bytes, file: str) -> tuple[Parsed, RuleFile]:
    """The document's nodes, and a file that knows its lines. Raises AlertsRefused for what is not certain."""
    try:
        found = parse(data, file=file, templates=False)
    except BumpRefused as error:
        raise AlertsRefused(
            [Problem(file=file, line=error.line, column=None, message=error.message)]
        ) from error
    starts = [0, *(each.end() for each in _NEWLINE.finditer(found.text))]
    return found, RuleFile(file=file, documents=(), line_starts=starts)


class Planter:
    """Makes trees of the nodes of one file."""

    def __init__(self, file: RuleFile) -> None:
        self.fields = Fields(file)
        self._left = MAX_TREE

    def tree(self, node: Node) -> Value:
        """The tree below a node; raises AlertsRefused when it cannot be read or is too large."""
        value = self._tree(node)
        if self.fields.problems:
            raise AlertsRefused(self.fields.problems)
        return value

    def _tree(self, node: Node) -> Value:
        real = node.real()
        self._left -= 1
        if self._left < 0:
            message = f"holds more than {MAX_TREE} values with its aliases; split the file, or write them out"
            raise AlertsRefused([self.fields.file.problem(node.start, message)])
        if real.kind is Kind.MAPPING:
            entries = self.fields.of(real, "this").items()
            return Table({name: self._tree(value) for name, (_, value) in entries}, node.start)
        if real.kind is Kind.SEQUENCE:
            return Row([self._tree(item) for item in real.items], node.start)
        text = self.fields.text(node, "this")
        plain = real.style in (None, "") and real.tag is None
        alone = node.target is None and not node.aliases and real.style not in ("|", ">")
        return Leaf(text, plain, is_null(real), node.start, node.end if alone else 0)


def leaves(value: Value) -> Iterator[tuple[str, Leaf]]:
    """Every scalar of a tree in its order, with the key it stands under, or whose list it is in."""
    stack: list[tuple[str, Value]] = [("", value)]
    while stack:
        name, here = stack.pop()
        if isinstance(here, Leaf):
            yield name, here
        elif isinstance(here, Table):
            stack += reversed(here.entries.items())
        else:
            stack += [(name, each) for each in reversed(here.items)]


def written(value: Value) -> str:
    """The tree as YAML in flow style, one line."""
    if isinstance(value, Table):
        return "{" + ", ".join(f"{quoted(k)}: {written(v)}" for k, v in value.entries.items()) + "}"
    if isinstance(value, Row):
        return "[" + ", ".join(written(item) for item in value.items) + "]"
    if value.null:
        return "null"
    return value.text if value.plain and _PLAIN.fullmatch(value.text) else quoted(value.text)


def quoted(text: str) -> str:
    """A text in YAML's double quotes."""
    return _RAW.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(text, ensure_ascii=False))
