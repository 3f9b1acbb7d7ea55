"""Turns the parser's events into nodes: no recursion, bounded depth, and an alias is never followed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

import yaml

from bot.decide.bump.masking import Span
from bot.decide.bump.nodes import Kind, Node, key_text, line_of
from bot.decide.bump.values import BumpRefused

Signature = tuple[Any, ...]

MAX_DEPTH = 200
_OPENING = {yaml.MappingStartEvent: Kind.MAPPING, yaml.SequenceStartEvent: Kind.SEQUENCE}
_SCALAR = yaml.ScalarEvent
_CLOSING = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})


def signature(event: Any) -> Signature:
    """All that an event says but its position. Kept instead of the event, which weighs a lot more."""
    kind = event.__class__
    if kind is _SCALAR:
        return event.value, event.style, event.anchor, event.tag, event.implicit
    if kind in _OPENING:
        return kind, event.anchor, event.tag, event.flow_style
    if kind is yaml.AliasEvent:
        return kind, event.anchor
    if kind is yaml.DocumentStartEvent:
        return kind, event.explicit, event.version, repr(event.tags)
    return (kind,)


class Tree:
    """Builds the documents of one text; `masked` are the spans of template actions hidden in it."""

    def __init__(self, text: str, masked: tuple[Span, ...], file: str) -> None:
        self.text, self.masked, self.file = text, masked, file
        self.documents: list[Node] = []
        self._anchors: dict[str, Node] = {}

    def feed(self, events: Iterable[Any]) -> list[Signature]:
        """Take all events and return their signatures; raise BumpRefused for what cannot be trusted.

        One loop without calls for the common case: it runs once for every scalar of every file.
        """
        taken: list[Signature] = []
        parent: Node | None = None
        items, in_mapping = self.documents, False
        above: list[tuple[Node | None, list[Node], bool]] = []
        for index, event in enumerate(events):
            taken.append(signature(event))
            kind = event.__class__
            if kind is _SCALAR:
                # The C parser says "" for plain and the pure one None: both are None here.
                start, end, style = event.start_mark.index, event.end_mark.index, event.style or None
                node = Node(Kind.SCALAR, start, end, index, parent, event.value, style, event.tag)
            elif kind in _OPENING:
                start, end = event.start_mark.index, event.end_mark.index
                node = Node(_OPENING[kind], start, end, index, parent, "", None, event.tag)
                node.flow, node.open = bool(event.flow_style), True
            elif kind is yaml.AliasEvent:
                node = Node(Kind.ALIAS, event.start_mark.index, event.end_mark.index, index, parent)
                self._alias(node, event.anchor)
            elif kind in _CLOSING:
                self._close(parent, items, event.end_mark.index)
                parent, items, in_mapping = above.pop()
                continue
            else:
                self._anchors = {}
                continue
            if in_mapping:
                if len(items) % 2:
                    node.key = items[-1]
                    node.name = key_text(items[-1])
            else:
                node.name = str(len(items))
            items.append(node)
            if kind is not yaml.AliasEvent and event.anchor is not None:
                self._anchors[event.anchor] = node
            if node.open:
                if len(above) >= MAX_DEPTH:
                    raise self._refuse(node, f"is nested deeper than {MAX_DEPTH} levels; flatten it")
                above.append((parent, items, in_mapping))
                parent, items, in_mapping = node, [], node.kind is Kind.MAPPING
        return taken

    def _alias(self, node: Node, anchor: str) -> None:
        target = self._anchors.get(anchor)
        if target is None:
            message = f"the alias *{anchor} has no anchor &{anchor} before it; define it or write the value"
            raise self._refuse(node, message)
        if target.open:
            raise self._refuse(node, f"the alias *{anchor} stands inside its own anchor; write the value out")
        node.text, node.target = anchor, target
        if not isinstance(target.aliases, list):
            target.aliases = []
        target.aliases.append(node)

    def _close(self, node: Node | None, items: list[Node], end: int) -> None:
        if node is None:
            return
        node.open, node.end = False, end
        if node.kind is Kind.SEQUENCE:
            node.items = items
            return
        node.entries = list(zip(items[::2], items[1::2], strict=True))
        if len({value.name for value in items[1::2]}) < len(node.entries):
            self._find_duplicate(node)

    def _find_duplicate(self, mapping: Node) -> None:
        """Two equal keys: which one counts depends on the reader (attack case 52), so the file is refused.

        In a template both may be branches of an `if`; there it is refused only when an edit passes through.
        """
        seen: dict[str, Node] = {}
        for key, value in mapping.entries:
            if value.name is None or self._hidden(key):
                continue
            if value.name in seen:
                mapping.duplicate = key
                if not self.masked:
                    raise duplicate_key(self.file, self.text, seen[value.name], key)
            seen[value.name] = key

    def _hidden(self, node: Node) -> bool:
        """Whether a template action stands in the node (spans are in order and apart)."""
        behind = bisect_left(self.masked, (node.end, 0))
        return behind > 0 and self.masked[behind - 1][1] > node.start

    def _refuse(self, node: Node, message: str) -> BumpRefused:
        return BumpRefused(file=self.file, line=line_of(self.text, node.start), message=message)


def duplicate_key(file: str, text: str, first: Node | None, second: Node) -> BumpRefused:
    """The refusal for a key that stands twice in one mapping."""
    where = f" (first on line {line_of(text, first.start)})" if first is not None else ""
    message = f"the key {key_text(second)!r} stands twice in one mapping{where}; remove one"
    return BumpRefused(file=file, line=line_of(text, second.start), message=message)
