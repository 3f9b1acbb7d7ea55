"""The shape of a parsed values file: nodes that know where they stand in the text, and how aliases share
them.

Nodes are mutable while `parse` builds them (parents, aliases) and read-only afterwards; they never leave
this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a node is; an alias stays an alias, it is never expanded (attack case 49)."""

    SCALAR = "scalar"
    MAPPING = "mapping"
    SEQUENCE = "sequence"
    ALIAS = "alias"


@dataclass(slots=True, eq=False)
class Node:
    """One YAML node. `start` and `end` count characters; `event` is its place in the parser's stream.

    `text` is a scalar's value or an alias' anchor; `name` is the JSON Pointer token under `parent`, `key`
    the mapping key.
    """

    kind: Kind
    start: int
    end: int
    event: int
    parent: Node | None
    text: str = ""
    style: str | None = None
    tag: str | None = None
    name: str | None = None
    key: Node | None = None
    flow: bool = False
    target: Node | None = None
    open: bool = False
    entries: Sequence[tuple[Node, Node]] = ()
    items: Sequence[Node] = ()
    aliases: Sequence[Node] = ()
    duplicate: Node | None = None

    def head(self) -> int:
        """Where a reader looks for it: at its key, or else where it starts."""
        return self.start if self.key is None else self.key.start

    def real(self) -> Node:
        """The node itself, or what the alias stands for (an anchor never names another alias)."""
        return self if self.target is None else self.target

    def get(self, key: str) -> tuple[Node, Node] | None:
        """The entry of a mapping under `key`, as (key, value), or None."""
        for entry in self.entries:
            if entry[1].name == key:
                return entry
        return None


def key_text(key: Node) -> str | None:
    """A mapping key as JSON Pointer token; None for keys that are mappings or sequences."""
    real = key.real()
    return real.text if real.kind is Kind.SCALAR else None


def is_merge(key: Node) -> bool:
    """Whether this key is YAML 1.1's merge key `<<`."""
    return key.kind is Kind.SCALAR and key.text == "<<" and key.style is None


def line_of(text: str, position: int) -> int:
    """The line, from 1, of a character position, as an editor counts."""
    return text.count("\n", 0, position) + 1


def routes(node: Node) -> Iterator[tuple[str, ...]]:
    """Every path from the root of the document to `node`, through aliases too; the written one first.

    Each step ends at the root, so the caller bounds the work by how many routes it takes.
    """
    stack: list[tuple[Node, tuple[str, ...]]] = [(node, ())]
    while stack:
        here, below = stack.pop()
        if here.parent is None:
            yield below
        for alias in reversed(here.aliases):
            if alias.parent is not None:
                stack.append((alias.parent, (alias.name or "?", *below)))
        if here.parent is not None:
            stack.append((here.parent, (here.name or "?", *below)))


def inherited(mapping: Node, key: str) -> Node | None:
    """The value that `mapping` gets for `key` through `<<`, or None. Each mapping is looked at once."""
    seen: set[int] = {id(mapping)}
    queue = [mapping]
    while queue:
        here = queue.pop(0)
        for key_node, value in here.entries:
            if not is_merge(key_node):
                continue
            real = value.real()
            for source in (item.real() for item in (real.items or [real])):
                if id(source) in seen or source.kind is not Kind.MAPPING:
                    continue
                seen.add(id(source))
                found = source.get(key)
                if found is not None:
                    return found[1]
                queue.append(source)
    return None
