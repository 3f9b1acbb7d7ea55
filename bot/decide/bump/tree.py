"""Turns the parser's events into nodes: no recursion, bounded depth, and an alias is never followed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

import yaml

from bot.decide.bump.masking import Span
from bot.decide.bump.nodes import Kind, Node, key_text, line_of
from bot.decide.bump.values import BumpRefused

MAX_DEPTH = 200
_OPENING = {yaml.MappingStartEvent: Kind.MAPPING, yaml.SequenceStartEvent: Kind.SEQUENCE}
_CLOSING = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})


class Tree:
    """Builds the documents of one text; `masked` are the spans of template actions hidden in it."""

    def __init__(self, text: str, masked: tuple[Span, ...], file: str) -> None:
        self.text, self.masked, self.file = text, masked, file
        self.documents: list[Node] = []
        self._stack: list[Node] = []
        self._items: list[list[Node]] = []
        self._keys: list[Node | None] = []
        self._anchors: dict[str, Node] = {}

    def feed(self, events: Iterable[Any]) -> list[Any]:
        """Take all events and return them as a list; raise BumpRefused for what cannot be trusted."""
        taken: list[Any] = []
        scalar, plain = yaml.ScalarEvent, Kind.SCALAR
        for index, event in enumerate(events):
            taken.append(event)
            kind = event.__class__
            if kind is scalar:
                node = self._node(plain, index, event)
                # The C parser says "" for plain and the pure one None: both are None here.
                node.text, node.style, node.tag = event.value, event.style or None, event.tag
                self._attach(node)
            elif kind in _OPENING:
                node = self._node(_OPENING[kind], index, event)
                node.flow, node.tag, node.open = bool(event.flow_style), event.tag, True
                self._attach(node)
                self._push(node)
            elif kind in _CLOSING:
                self._pop(event)
            elif kind is yaml.AliasEvent:
                self._attach(self._alias(self._node(Kind.ALIAS, index, event), event.anchor))
            elif kind is yaml.DocumentStartEvent:
                self._anchors = {}
        return taken

    def _node(self, kind: Kind, index: int, event: Any) -> Node:
        parent = self._stack[-1] if self._stack else None
        node = Node(kind, event.start_mark.index, event.end_mark.index, index, parent)
        if event.anchor is not None and kind is not Kind.ALIAS:
            node.anchor = event.anchor
            self._anchors[event.anchor] = node
        return node

    def _alias(self, node: Node, anchor: str) -> Node:
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
        return node

    def _attach(self, node: Node) -> None:
        if not self._stack:
            self.documents.append(node)
            return
        items = self._items[-1]
        if self._stack[-1].kind is Kind.SEQUENCE:
            node.name = str(len(items))
        elif self._keys[-1] is None:
            self._keys[-1] = node
        else:
            node.key, self._keys[-1] = self._keys[-1], None
            node.name = key_text(node.key)
        items.append(node)

    def _push(self, node: Node) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise self._refuse(node, f"is nested deeper than {MAX_DEPTH} levels; flatten it")
        self._stack.append(node)
        self._items.append([])
        self._keys.append(None)

    def _pop(self, event: Any) -> None:
        node, items = self._stack.pop(), self._items.pop()
        self._keys.pop()
        node.open, node.end = False, event.end_mark.index
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
