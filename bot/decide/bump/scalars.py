"""Plans the change of scalars: which text is replaced, and who else would see it through an alias."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.decide.bump.blocks import edit_block
from bot.decide.bump.lookup import to_pointer
from bot.decide.bump.masking import OPEN
from bot.decide.bump.nodes import Kind, Node, routes
from bot.decide.bump.parse import Parsed
from bot.decide.bump.splice import STRING_TAGS, Splice, value_span
from bot.decide.bump.strings import is_string_when_plain, written
from bot.decide.bump.values import BumpRefused, Edit

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One meant scalar: where (document and path) and what is to stand there."""

    document: int
    tokens: Tokens
    node: Node
    value: str


def plan_scalars(parsed: Parsed, targets: Iterable[Target]) -> tuple[list[Splice], dict[int, str]]:
    """The splices for `targets`, and the values that the parser must see, by event index.

    Targets that hold their value already, as a string, need no splice. Raises BumpRefused.
    """
    groups: dict[int, list[Target]] = {}
    for target in targets:
        groups.setdefault(target.node.event, []).append(target)
    splices: list[Splice] = []
    values: dict[int, str] = {}
    for event, group in groups.items():
        node, value = group[0].node, group[0].value
        if any(target.value != value for target in group):
            message = f"{_names(group)} are one value (an alias) and would become different; write them out"
            raise parsed.refuse(node.start, message)
        _editable(parsed, node, group)
        if value == node.text and _holds_string(node):
            continue
        not_shared(parsed, node, {target.tokens for target in group}, "editing it")
        edits = tuple(
            Edit(file=parsed.file, line=0, pointer=pointer, before=node.text, after=value)
            for pointer in dict.fromkeys(to_pointer(target.tokens) for target in group)
        )
        splices.append(_splice(parsed, node, value, edits))
        values[event] = value
    return splices, values


def not_shared(parsed: Parsed, node: Node, meant: set[Tokens], doing: str) -> None:
    """Refuse when `node` is also reached by a path that is not meant (attack case 52)."""
    for route in islice(routes(node), len(meant) + 1):
        if route in meant:
            continue
        message = (
            f"{to_pointer(sorted(meant)[0])} is shared through an anchor (&) with {to_pointer(route)}, "
            f"so {doing} would change both; write the value out in one of the two places"
        )
        raise parsed.refuse(node.start, message)


def _no_template(parsed: Parsed, start: int, end: int, edits: tuple[Edit, ...]) -> None:
    """Refuse to touch text that holds a template action: what it renders to is not known here."""
    if OPEN in parsed.text[start:end]:
        raise parsed.refuse(
            start, f"{edits[0].pointer} holds a template action ({{{{ … }}}}); edit it by hand"
        )


def _editable(parsed: Parsed, node: Node, group: Sequence[Target]) -> None:
    name = to_pointer(group[0].tokens) or "the document"
    if node.kind is not Kind.SCALAR:
        raise parsed.refuse(
            node.start, f"{name} is a {node.kind.value}, not a single value; name a value inside it"
        )
    if any(start < node.end and node.start < end for start, end in parsed.masked):
        raise parsed.refuse(node.start, f"{name} holds a template action ({{{{ … }}}}); edit it by hand")
    if node.tag not in STRING_TAGS:
        raise parsed.refuse(
            node.start, f"{name} has the YAML tag {node.tag}, so it is no string; remove the tag first"
        )


def _holds_string(node: Node) -> bool:
    return node.style is not None or node.tag is not None or is_string_when_plain(node.text)


def _splice(parsed: Parsed, node: Node, value: str, edits: tuple[Edit, ...]) -> Splice:
    span = value_span(parsed, node)
    if span is None:
        raise _unclear(parsed, node, edits, "cannot be told apart from the anchor, tag or comment before it")
    start, end = span
    if node.style in {"|", ">"}:
        edit = edit_block(parsed.text, start, end, before=node.text, after=value)
        if isinstance(edit, str):
            raise _unclear(parsed, node, edits, edit)
        _no_template(parsed, edit.start, edit.end, edits)
        return Splice(start=edit.start, end=edit.end, new=edit.text, edits=edits)
    _no_template(parsed, start, end, edits)
    flow = node.parent is not None and node.parent.flow
    new = written(value, style=node.style, flow=flow, tagged=node.tag is not None)
    # An empty value stands right behind its colon or dash, which want a space.
    gap = " " if start == end and start > 0 and parsed.text[start - 1] not in " \t\n" else ""
    return Splice(start=start, end=end, new=gap + new, lead=len(gap), edits=edits)


def _unclear(parsed: Parsed, node: Node, edits: tuple[Edit, ...], why: str) -> BumpRefused:
    return parsed.refuse(node.start, f"{edits[0].pointer} {why}; edit it by hand")


def _names(group: Sequence[Target]) -> str:
    return " and ".join(dict.fromkeys(to_pointer(target.tokens) for target in group))
