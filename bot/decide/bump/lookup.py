"""From a path to the node that stands there, or to the reason why it does not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.decide.bump.nodes import Kind, Node, inherited
from bot.decide.bump.parse import Parsed
from bot.decide.bump.tree import duplicate_key

_INDEX = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_BAD_ESCAPE = re.compile(r"~(?![01])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The path ends early. `absent`: a key is simply not there; otherwise what stands there has the wrong
    kind.
    """

    position: int
    depth: int
    absent: bool
    message: str


def pointer_tokens(pointer: str) -> tuple[str, ...] | None:
    """The tokens of an RFC 6901 JSON Pointer (`/a~1b/0` → `a/b`, `0`); None when it is not one."""
    if pointer and not pointer.startswith("/"):
        return None
    if _BAD_ESCAPE.search(pointer):
        return None
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:])


def to_pointer(tokens: Sequence[str]) -> str:
    """The JSON Pointer of these tokens."""
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)


def walk(parsed: Parsed, root: Node, tokens: Sequence[str]) -> Node | Missing:
    """Follow `tokens` from a document's root, through aliases but not through merge keys.

    Raises BumpRefused when a mapping on the way has a key twice (attack case 52).
    """
    node = root.real()
    for depth, token in enumerate(tokens):
        step = _step(parsed, node, token)
        if isinstance(step, str):
            absent = node.kind is not Kind.SCALAR or _is_null(node)
            if node.kind is Kind.MAPPING and inherited(node, token) is not None:
                absent = False
            where = to_pointer(tokens[:depth]) or "the document"
            message = f"{to_pointer(tokens)} does not exist: {where} {step}"
            return Missing(position=node.head(), depth=depth, absent=absent, message=message)
        node = step.real()
    if node.kind is Kind.MAPPING and node.duplicate is not None:
        raise duplicate_key(parsed.file, parsed.text, None, node.duplicate)
    return node


def _step(parsed: Parsed, node: Node, token: str) -> Node | str:
    """One token further, or words that follow "the document …"."""
    if node.kind is Kind.MAPPING:
        if node.duplicate is not None:
            raise duplicate_key(parsed.file, parsed.text, None, node.duplicate)
        entry = node.get(token)
        if entry is not None:
            return entry[1]
        source = inherited(node, token)
        if source is not None:
            line = parsed.line(source.start)
            return (
                f"has {token!r} only through a merge key (<<) from line {line}; write the key out here first"
            )
        return f"has no key {token!r}; add it or correct the path"
    if node.kind is Kind.SEQUENCE:
        if _INDEX.fullmatch(token) and len(token) < 10 and int(token) < len(node.items):
            return node.items[int(token)]
        return f"is a list of {len(node.items)} without an item {token!r}; correct the path"
    if _is_null(node):
        return f"is empty, so it has no key {token!r}; add it or correct the path"
    return f"is a single value, not a mapping with {token!r}; correct the path"


def _is_null(node: Node) -> bool:
    return node.style is None and node.text in {"", "~", "null", "Null", "NULL"}


def find(parsed: Parsed, tokens: Sequence[str], document: int | None) -> tuple[int, Node] | Missing:
    """The node at `tokens` in the named document, or in the only document that has it.

    Raises BumpRefused when the document does not exist or several documents have the path.
    """
    roots = parsed.documents
    if document is not None:
        if not 0 <= document < len(roots):
            raise parsed.refuse(
                None, f"has {len(roots)} documents, so there is no document {document} (counted from 0)"
            )
        found = walk(parsed, roots[document], tokens)
        return found if isinstance(found, Missing) else (document, found)
    hits: list[tuple[int, Node]] = []
    misses: list[Missing] = []
    for number, root in enumerate(roots):
        node = walk(parsed, root, tokens)
        if isinstance(node, Missing):
            misses.append(node)
        else:
            hits.append((number, node))
    if len(hits) > 1:
        numbers = ", ".join(str(number) for number, _ in hits)
        lines = ", ".join(str(parsed.line(node.start)) for _, node in hits)
        pointer = to_pointer(tokens)
        message = (
            f"{pointer} exists in documents {numbers} (lines {lines}); "
            f"say which one, as in {hits[0][0]}#{pointer}, or let only one have it"
        )
        raise parsed.refuse(hits[0][1].start, message)
    if hits:
        return hits[0]
    if not misses:
        return Missing(
            position=0,
            depth=0,
            absent=True,
            message=f"{to_pointer(tokens)} does not exist: the file is empty",
        )
    return max(misses, key=lambda miss: (not miss.absent, miss.depth))
