"""Bytes → YAML nodes that know their lines. What is not certain is refused with its line, never guessed (case 49)."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.decide.bump.nodes import Kind, Node, is_merge, line_of
from bot.decide.bump.parse import Parsed, parse
from bot.decide.bump.values import BumpRefused

MAX_BYTES = 8 * 1024 * 1024
"""Larger than any bundle of CRDs; beyond it a file is refused."""
MAX_MARKS = 500_000
"""Commas, colons and line ends in one file, at most: each value needs one, and a value costs a kilobyte of memory.
Ten times what the largest bundles of CRDs hold."""
MAX_VALUES = 200_000
"""How many values a document may expand to through its aliases."""
MAX_MERGED = 200
"""How many mappings may be merged into one."""
MAX_EMBEDDED = 8
"""How many texts may stand in each other."""
MAX_NESTED = 400
"""How deep a document may be once its aliases are followed."""

_LINE_END = re.compile("\n")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE = frozenset(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"))
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")


class Refused(ValueError):
    """A guarded file that cannot be judged; `line` counts from 1."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of one text. `offset`: the lines before it in the file it is embedded in."""

    parsed: Parsed
    offset: int = 0
    fixed: bool = False
    """Every line is the line of the scalar it is embedded in: its own lines cannot be told."""
    depth: int = 0
    """How many texts this one stands in."""
    _ends: list[int] = field(default_factory=list)
    """Where lines end, found when the first line is asked for: counting them for each value takes minutes."""

    @property
    def roots(self) -> list[Node]:
        """The root of each document; empty ones are left out."""
        return self.parsed.documents

    def line(self, node: Node) -> int:
        """The line of the file on which a reader looks for `node`."""
        if self.fixed:
            return self.offset
        if not self._ends:
            text = self.parsed.text
            self._ends.extend([*(each.start() for each in _LINE_END.finditer(text)), len(text)])
        return bisect_left(self._ends, node.start) + 1 + self.offset

    def raw(self, node: Node) -> str:
        """A scalar's value; where a template action was hidden in it, the text as it stands."""
        text = self.parsed.text[node.start : node.end] if self.parsed.masked else ""
        return text if "{{" in text else node.text

    def text(self, node: Node) -> str:
        """The text of a scalar, an alias followed; of a template action that YAML takes for a mapping in a mapping
        (`{{ .Tag }}`), as it stands; "" for everything else."""
        real = node.real()
        if real.kind is Kind.SCALAR:
            return "" if is_null(real) else self.raw(real)
        action = real.kind is Kind.MAPPING and real.flow and self.parsed.text.startswith("{{", real.start)
        return self.parsed.text[real.start : real.end] if action else ""

    def inside(self, node: Node) -> tuple[int, bool]:
        """Offset and `fixed` for text embedded in a scalar: lines can be told in literal blocks only."""
        if self.fixed or node.style != "|":
            return self.line(node), True
        return self.line(node), False


def read(data: bytes, *, file: str) -> Documents:
    """The documents of a YAML or JSON file. Raises Refused, with the line."""
    if len(data) > MAX_BYTES:
        raise Refused(f"is larger than {MAX_BYTES >> 20} MiB; split it, or list it under guards.ignore")
    if sum(map(data.count, (b",", b":", b"\n", b"\r"))) > MAX_MARKS:
        raise Refused("holds more values than are read; split it, or list it under guards.ignore")
    try:
        return Documents(parse(data, file=file))
    except BumpRefused as error:
        raise Refused(error.message, error.line or 1) from error


def embedded(text: str, node: Node, around: Documents) -> Documents | None:
    """YAML in a scalar, as in a ConfigMap; None when it is none. Raises Refused for text in text without end."""
    offset, fixed = around.inside(node)
    if around.depth >= MAX_EMBEDDED:
        raise Refused(f"holds text in text more than {MAX_EMBEDDED} deep; write files of their own", offset)
    try:
        return Documents(parse(text.encode(), file=around.parsed.file), offset, fixed, around.depth + 1)
    except (BumpRefused, UnicodeEncodeError):
        return None


def entries(mapping: Node) -> dict[str, tuple[Node, Node]]:
    """What a mapping holds once its merge keys (`<<`) are followed: name → (key, value as written).

    Its own keys count first, then those merged, in order. Each mapping is looked at once, so an alias bomb costs
    nothing. Raises Refused when there are more than MAX_MERGED.
    """
    found: dict[str, tuple[Node, Node]] = {}
    seen: set[int] = set()
    waiting = deque([mapping.real()])
    while waiting:
        here = waiting.popleft()
        if id(here) in seen or here.kind is not Kind.MAPPING:
            continue
        seen.add(id(here))
        if len(seen) > MAX_MERGED:
            raise Refused(f"merges more than {MAX_MERGED} mappings into one; write them out")
        merged: list[Node] = []
        for key, value in here.entries:
            if is_merge(key):
                real = value.real()
                merged += [each.real() for each in real.items] if real.kind is Kind.SEQUENCE else [real]
            elif value.name is not None and value.name not in found:
                found[value.name] = (key, value)
        waiting.extendleft(reversed(merged))
    return found


def child(mapping: Node, name: str) -> Node | None:
    """The value under a key, merge keys and aliases followed."""
    found = entries(mapping).get(name) if mapping.real().kind is Kind.MAPPING else None
    return found[1].real() if found else None


def scalar(node: Node | None) -> str | None:
    """The text of a scalar, or None; None for YAML's null too, by which patches take a value away."""
    if node is None or node.real().kind is not Kind.SCALAR or is_null(node.real()):
        return None
    return node.real().text


def is_null(node: Node) -> bool:
    """Whether a scalar is YAML's null: written bare, and not tagged as something else."""
    return node.style is None and node.tag is None and node.text in _NULL - {""}


def items(node: Node | None) -> list[Node]:
    """The items of a list as written; empty for anything else."""
    return list(node.real().items) if node is not None and node.real().kind is Kind.SEQUENCE else []


def walk(root: Node) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Every node that is written below `root`, with its path. An alias is met, never followed."""
    stack: list[tuple[Node, tuple[str, ...]]] = [(root, ())]
    while stack:
        node, path = stack.pop()
        yield node, path
        below = [value for _, value in node.entries] if node.kind is Kind.MAPPING else list(node.items)
        stack += [(each, (*path, each.name or "?")) for each in reversed(below)]


def plain(root: Node) -> Any:
    """The document as JSON values, as conftest hands it to Rego. Raises Refused when aliases blow it up."""
    count = 0

    def value(node: Node, depth: int) -> Any:
        nonlocal count
        count += 1
        if count > MAX_VALUES or depth > MAX_NESTED:
            raise Refused(
                f"expands to more than {MAX_VALUES:,} values or {MAX_NESTED} levels; write aliases out"
            )
        real = node.real()
        if real.kind is Kind.SEQUENCE:
            return [value(each, depth + 1) for each in real.items]
        if real.kind is Kind.MAPPING:
            return {name: value(each, depth + 1) for name, (_, each) in entries(real).items()}
        return _resolved(real)

    return value(root, 0)


def _resolved(node: Node) -> Any:
    text = node.text
    if node.style is not None or (node.tag or "").endswith(":str"):
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def at(root: Node, path: list[Any]) -> Node | None:
    """The node at a path of keys and indices, as far as it exists; None when nothing of it does."""
    here, found = root.real(), None
    for step in path:
        if here.kind is Kind.MAPPING:
            entry = entries(here).get(str(step))
            below = entry[1] if entry else None
            found = entry[0] if entry and entry[1].real().kind is not Kind.SCALAR else below or found
        else:
            listed = items(here)
            below = listed[int(step)] if str(step).isdigit() and int(step) < len(listed) else None
            found = below or found
        if below is None:
            return found
        here = below.real()
    return found


__all__ = [
    "Documents",
    "Refused",
    "at",
    "child",
    "embedded",
    "entries",
    "is_null",
    "items",
    "line_of",
    "plain",
    "read",
    "scalar",
    "walk",
]
