"""Bytes → positions: decode, hide template leftovers when needed, and build the tree from libyaml's events.

Events, not PyYAML's composer, because the composer forgets anchors, refuses anchors that are defined twice
(YAML 1.2 allows that, and real values files do it) and merges an alias into its target.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from bot.decide.bump.masking import CLOSE, OPEN, Span, mask
from bot.decide.bump.nodes import Kind, Node, key_text
from bot.decide.bump.values import BumpRefused

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
BOM = "\ufeff"
MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """One file: its text without the byte order mark, the parser's events, and the root of each document."""

    file: str
    bom: str
    text: str
    events: list[Any]
    documents: list[Node]
    masked: tuple[Span, ...]

    def line(self, position: int) -> int:
        """The line, from 1, of a character position."""
        return line_of(self.text, position)

    def refuse(self, position: int | None, message: str) -> BumpRefused:
        """A refusal that names the line of `position`."""
        line = None if position is None else self.line(position)
        return BumpRefused(file=self.file, line=line, message=message)


def line_of(text: str, position: int) -> int:
    """The line, from 1, of a character position, as an editor counts."""
    return text.count("\n", 0, position) + 1


def parse(data: bytes, *, file: str) -> Parsed:
    """Parse a values file; raise BumpRefused, naming file and line, for whatever is not certain."""
    if len(data) > MAX_BYTES:
        raise BumpRefused(
            file=file, line=None, message=f"is larger than {MAX_BYTES >> 20} MiB; split the file"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BumpRefused(file=file, line=line, message="is not UTF-8; save the file as UTF-8") from error
    bom = BOM if text.startswith(BOM) else ""
    text = text[len(bom) :]
    events, masked = _read(text, file=file)
    builder = _Builder(text, masked, file)
    builder.feed(events)
    return Parsed(file=file, bom=bom, text=text, events=events, documents=builder.documents, masked=masked)


def _read(text: str, *, file: str) -> tuple[list[Any], tuple[Span, ...]]:
    """The events of `text`; only text that is not YAML as it stands is taken for a template and masked.

    (`"{{ x }}"` in quotes is an ordinary string.)
    """
    try:
        return events_of(text, file=file), ()
    except BumpRefused:
        if OPEN not in text or CLOSE not in text:
            raise
    readable, spans = mask(text)
    return events_of(readable, file=file), spans


def events_of(text: str, *, file: str) -> list[Any]:
    """The parser's event stream for `text`, or BumpRefused with the parser's words and its line."""
    try:
        return list(yaml.parse(text, Loader=LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else line_of(text, mark.index)
        tab = mark is not None and text[mark.index : mark.index + 1] == "\t"
        hint = "replace the tab by spaces" if tab else "correct the YAML first"
        said = error.problem or error.context or "cannot be parsed"
        raise BumpRefused(file=file, line=line, message=f"not valid YAML: {said}; {hint}") from error
    except yaml.reader.ReaderError as error:
        code = error.character if isinstance(error.character, int) else ord(error.character[:1] or b"\0")
        found = text.find(chr(code))
        line = line_of(text, found) if found >= 0 else None
        message = f"not valid YAML: the character U+{code:04X} is not allowed; remove it"
        raise BumpRefused(file=file, line=line, message=message) from error


class _Builder:
    """Turns events into nodes, iteratively: depth is bounded and an alias is never followed."""

    def __init__(self, text: str, masked: tuple[Span, ...], file: str) -> None:
        self.text, self.masked, self.file = text, masked, file
        self.documents: list[Node] = []
        self.stack: list[Node] = []
        self.keys: list[Node | None] = []
        self.anchors: dict[str, Node] = {}

    def feed(self, events: Iterable[Any]) -> None:
        scalar, alias = yaml.ScalarEvent, yaml.AliasEvent
        opening = {yaml.MappingStartEvent: Kind.MAPPING, yaml.SequenceStartEvent: Kind.SEQUENCE}
        closing = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
        for index, event in enumerate(events):
            kind = event.__class__
            if kind is scalar:
                node = self._node(Kind.SCALAR, index, event)
                node.text, node.style, node.tag = event.value, event.style or None, event.tag
                # The C parser says "" or None for plain, the pure one None: both are None here.
                self._attach(node)
            elif kind in opening:
                node = self._node(opening[kind], index, event)
                node.flow, node.tag, node.open = bool(event.flow_style), event.tag, True
                self._attach(node)
                self._push(node)
            elif kind in closing:
                self._pop(event)
            elif kind is alias:
                node = self._node(Kind.ALIAS, index, event)
                self._alias(node, event.anchor)
                self._attach(node)
            elif kind is yaml.DocumentStartEvent:
                self.anchors = {}

    def _node(self, kind: Kind, index: int, event: Any) -> Node:
        parent = self.stack[-1] if self.stack else None
        node = Node(kind, event.start_mark.index, event.end_mark.index, index, parent)
        if kind is not Kind.ALIAS and event.anchor is not None:
            node.anchor = event.anchor
            self.anchors[event.anchor] = node
        return node

    def _alias(self, node: Node, anchor: str) -> None:
        target = self.anchors.get(anchor)
        if target is None:
            raise self._refuse(
                node, f"the alias *{anchor} has no anchor &{anchor} before it; define it or write the value"
            )
        if target.open:
            raise self._refuse(node, f"the alias *{anchor} stands inside its own anchor; write the value out")
        node.text, node.target = anchor, target
        target.aliases.append(node)

    def _attach(self, node: Node) -> None:
        if not self.stack:
            self.documents.append(node)
            return
        parent = self.stack[-1]
        if parent.kind is Kind.SEQUENCE:
            node.name = str(len(parent.items))
            parent.items.append(node)
            return
        key = self.keys[-1]
        if key is None:
            self.keys[-1] = node
        else:
            node.name = key_text(key)
            parent.entries.append((key, node))
            self.keys[-1] = None

    def _push(self, node: Node) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise self._refuse(node, f"is nested deeper than {MAX_DEPTH} levels; flatten it")
        self.stack.append(node)
        self.keys.append(None)

    def _pop(self, event: Any) -> None:
        node = self.stack.pop()
        self.keys.pop()
        node.open, node.end = False, event.end_mark.index
        if node.kind is Kind.MAPPING:
            self._find_duplicate(node)

    def _find_duplicate(self, mapping: Node) -> None:
        """Two equal keys: which one counts depends on the reader (attack case 52), so the file is refused.

        In a template both may be branches of an `if`; there it is refused only when an edit passes through.
        """
        seen: dict[str, Node] = {}
        for key, _ in mapping.entries:
            text = key_text(key)
            if text is None or self._hidden(key):
                continue
            if text in seen:
                mapping.duplicate = key
                if not self.masked:
                    raise duplicate_key(self.file, self.text, seen[text], key)
            seen[text] = key

    def _hidden(self, node: Node) -> bool:
        return any(start < node.end and node.start < end for start, end in self.masked)

    def _refuse(self, node: Node, message: str) -> BumpRefused:
        return BumpRefused(file=self.file, line=line_of(self.text, node.start), message=message)


def duplicate_key(file: str, text: str, first: Node | None, second: Node) -> BumpRefused:
    """The refusal for a key that stands twice in one mapping."""
    where = f" (first on line {line_of(text, first.start)})" if first is not None else ""
    message = f"the key {key_text(second)!r} stands twice in one mapping{where}; remove one"
    return BumpRefused(file=file, line=line_of(text, second.start), message=message)
