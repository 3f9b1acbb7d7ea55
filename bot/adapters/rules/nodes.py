"""YAML text to a bounded tree of nodes with positions: what faces hostile bytes (attack case 49).

Events are taken one at a time from PyYAML's safe loader and turned into nodes here, so that size, depth and
what aliases would expand to are known *before* anything is built: a bomb of twenty levels of aliases or merge
keys costs twenty additions. Nothing here gives a scalar a meaning; see `document`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 30
MAX_NODES = 20_000
"""After aliases and merge keys are expanded; a thousand components need some six thousand."""

_UNWELCOME = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]|\r(?!\n)"
)
"""Control characters, line breaks that editors do not count, and marks that disguise text."""

_Loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Refused(Exception):
    """The file cannot be read any further. Line and column count from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


@dataclass(slots=True, kw_only=True)
class Node:
    """Where a node begins (from 1) and how many nodes it stands for with its aliases expanded."""

    line: int
    column: int
    size: int = 1


@dataclass(slots=True, kw_only=True)
class Scalar(Node):
    """A scalar's text; `plain` when it has no quotes and may mean a number, a truth value or nothing."""

    text: str
    plain: bool


@dataclass(slots=True, kw_only=True)
class Items(Node):
    """A sequence."""

    items: list[Node] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Pairs(Node):
    """A mapping, its keys as written: duplicates and merge keys are still there."""

    pairs: list[tuple[Scalar, Node]] = field(default_factory=list)
    key: Scalar | None = None
    """The key that waits for its value while the mapping is being read."""


def read_node(data: bytes) -> Node | None:
    """The root node of a YAML file of one document, None for an empty one. Raises Refused."""
    return _Reader().read(_events(_text(data)))


def _text(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise Refused(1, 1, f"the file is {len(data):,} bytes large; the limit is {MAX_BYTES:,}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before) - (before.rfind(b"\n") + 1) + 1
        raise Refused(before.count(b"\n") + 1, column, "the file is not UTF-8; save it as UTF-8") from None
    if found := _UNWELCOME.search(text):
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        raise Refused(line, column, f"the character U+{ord(found.group()):04X} is not allowed; remove it")
    return text


def _events(text: str) -> Iterator[yaml.Event]:
    """PyYAML's events; its complaints become Refused at their position."""
    try:
        yield from yaml.parse(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        line = min(line, text.count("\n") + 1)
        problem = " ".join(part for part in (error.context, error.problem) if part)
        raise Refused(line, column, f"this is not valid YAML: {problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise Refused(1, 1, f"this is not valid YAML: {error}") from None


class _Reader:
    """Builds the tree from events, keeping count."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.open: list[Items | Pairs] = []
        self.open_anchors: list[str | None] = []
        self.anchors: dict[str, Node | None] = {}
        self.total = 0
        self.documents = 0

    def read(self, events: Iterator[yaml.Event]) -> Node | None:
        for event in events:
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            match event:
                case yaml.DocumentStartEvent():
                    self.documents += 1
                    if self.documents > 1:
                        raise Refused(line, column, "a second YAML document begins here; keep one")
                case yaml.AliasEvent():
                    self._alias(event, line, column)
                case yaml.ScalarEvent():
                    self._scalar(event, line, column)
                case yaml.SequenceStartEvent():
                    self._start(event, Items(line=line, column=column))
                case yaml.MappingStartEvent():
                    self._start(event, Pairs(line=line, column=column))
                case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                    self._end()
                case _:
                    continue
        return self.root

    def _scalar(self, event: yaml.ScalarEvent, line: int, column: int) -> None:
        self._refuse_tag(event.tag, line, column)
        if found := _UNWELCOME.search(event.value):
            raise Refused(line, column, f"the character U+{ord(found.group()):04X} is not allowed; remove it")
        node = Scalar(line=line, column=column, text=event.value, plain=not event.style)
        if event.anchor:
            self.anchors[event.anchor] = node
        self._add(node)

    def _alias(self, event: yaml.AliasEvent, line: int, column: int) -> None:
        if event.anchor not in self.anchors:
            raise Refused(line, column, f"the alias *{event.anchor} has no anchor &{event.anchor} before it")
        target = self.anchors[event.anchor]
        if target is None:
            raise Refused(line, column, f"the alias *{event.anchor} stands inside its own anchor")
        self._add(target)

    def _start(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent, node: Items | Pairs) -> None:
        self._refuse_tag(event.tag, node.line, node.column)
        if len(self.open) >= MAX_DEPTH:
            raise Refused(node.line, node.column, f"nested more than {MAX_DEPTH} levels deep")
        if event.anchor:
            self.anchors[event.anchor] = None
        self.open.append(node)
        self.open_anchors.append(event.anchor)

    def _end(self) -> None:
        node, anchor = self.open.pop(), self.open_anchors.pop()
        if anchor:
            self.anchors[anchor] = node
        self._add(node, counted=node.size - 1)

    def _add(self, node: Node, counted: int = 0) -> None:
        """Hangs a finished node into the open one; `counted` of its nodes are in the total already."""
        self.total += node.size - counted
        if self.total > MAX_NODES:
            message = f"more than {MAX_NODES:,} values once aliases and merge keys are expanded; use fewer"
            raise Refused(node.line, node.column, message)
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.size += node.size
        if isinstance(parent, Items):
            parent.items.append(node)
        elif isinstance(parent, Pairs):
            self._add_to_mapping(parent, node)

    @staticmethod
    def _add_to_mapping(parent: Pairs, node: Node) -> None:
        if parent.key is None:
            if not isinstance(node, Scalar):
                raise Refused(node.line, node.column, "a list or mapping cannot be a key; quote the key")
            parent.key = node
        else:
            parent.pairs.append((parent.key, node))
            parent.key = None

    @staticmethod
    def _refuse_tag(tag: str | None, line: int, column: int) -> None:
        if tag is not None and tag != "!":
            raise Refused(line, column, f"the YAML tag {tag} is not allowed; remove it")
