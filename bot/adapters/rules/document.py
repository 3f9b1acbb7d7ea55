"""A rules file as plain values, with the position of every key and value.

Scalars mean what YAML 1.2 says, because the surprises of YAML 1.1 are traps in a rules file: `off`, `on`,
`yes` and `no` are words, `1:30`, a date and `010` are text. Only `true`, `false`, `null`, `~`, whole numbers
and decimal fractions are more than text. Keys are always text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.rules.nodes import Items, Node, Pairs, Refused, Scalar, read_node
from bot.model.policy import RulesError

Path = tuple[str | int, ...]
"""Keys and list indexes from the root down."""

WHOLE_FILE = "(file)"

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})\.[0-9]{1,15}", re.ASCII)
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a value stands, and its key where it has one."""

    key_line: int
    key_column: int
    line: int
    column: int


@dataclass(slots=True, kw_only=True)
class Document:
    """The values of one file. `errors` has duplicate keys and bad merges; the values are there all the same."""

    file: str
    data: Any = None
    positions: dict[Path, Position] = field(default_factory=dict)
    errors: list[RulesError] = field(default_factory=list)

    def error(self, path: Path, message: str, *, at_key: bool = False) -> RulesError:
        """An error at the value of `path`, at its key, or at the nearest place above that the file has."""
        place = path
        while place not in self.positions and place:
            place = place[:-1]
        where = self.positions.get(place, Position(key_line=1, key_column=1, line=1, column=1))
        # A value that begins on another line than its key (a block) is best shown where it is named.
        by_key = at_key or place != path or where.line != where.key_line
        line, column = (where.key_line, where.key_column) if by_key else (where.line, where.column)
        return RulesError(file=self.file, line=line, column=column, key=dotted(path), message=message)

    def line(self, path: Path) -> int:
        """The line on which the key (or list item) of `path` stands."""
        return self.positions[path].key_line


def dotted(path: Path) -> str:
    """`("sources", 0, "branches")` as people write it: `sources[0].branches`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in path]
    return "".join(parts).removeprefix(".") or WHOLE_FILE


def read_document(file: str, data: bytes) -> Document:
    """The file's values; what cannot be read at all is an empty document with one error."""
    document = Document(file=file)
    try:
        root = read_node(data)
    except Refused as refused:
        document.errors.append(
            RulesError(
                file=file,
                line=refused.line,
                column=refused.column,
                key=WHOLE_FILE,
                message=refused.message,
            )
        )
        return document
    if root is not None:
        document.data = _Builder(document).build(root, (), None)
    return document


def scalar(text: str, *, plain: bool) -> str | int | float | bool | None:
    """What a scalar means."""
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text


class _Builder:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.complained: set[tuple[int, int]] = set()

    def build(self, node: Node, path: Path, key: Scalar | None) -> Any:
        named = key or node
        self.document.positions[path] = Position(
            key_line=named.line, key_column=named.column, line=node.line, column=node.column
        )
        if isinstance(node, Scalar):
            return scalar(node.text, plain=node.plain)
        if isinstance(node, Pairs):
            pairs = self._merged(node, path)
            return {name: self.build(value, (*path, name), key) for name, (key, value) in pairs.items()}
        items = node.items if isinstance(node, Items) else []
        return [self.build(item, (*path, index), None) for index, item in enumerate(items)]

    def _merged(self, node: Pairs, path: Path) -> dict[str, tuple[Scalar, Node]]:
        """The mapping's own keys, then what `<<` brings and is not there yet, nearest first."""
        own: dict[str, tuple[Scalar, Node]] = {}
        merges: list[Node] = []
        for key, value in node.pairs:
            if key.text == "<<" and key.plain:
                merges.append(value)
            elif key.text in own:
                first = own[key.text][0].line
                self._complain(key, (*path, key.text), f"duplicate key; it is set on line {first} already")
            else:
                own[key.text] = (key, value)
        for merge in merges:
            for base in merge.items if isinstance(merge, Items) else [merge]:
                if not isinstance(base, Pairs):
                    self._complain(base, (*path, "<<"), "expected a mapping, or a list of mappings, to merge")
                    continue
                for name, pair in self._merged(base, path).items():
                    own.setdefault(name, pair)
        return own

    def _complain(self, node: Node, path: Path, message: str) -> None:
        if (node.line, node.column) in self.complained:  # once, however many aliases lead here
            return
        self.complained.add((node.line, node.column))
        self.document.errors.append(
            RulesError(
                file=self.document.file, line=node.line, column=node.column, key=dotted(path), message=message
            )
        )
