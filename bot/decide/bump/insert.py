"""Adds a `digest` beside a `tag` in the style there: block or flow, indentation, quotes, line ends."""

from __future__ import annotations

import re

from bot.decide.bump.nodes import Node
from bot.decide.bump.parse import Parsed
from bot.decide.bump.splice import Splice
from bot.decide.bump.strings import double_quoted, single_quoted, written
from bot.decide.bump.values import Edit

_REST_OF_FLOW_LINE = re.compile(r"[ \t]*(,?)[ \t]*(?:#[^\r\n]*)?(?=\r?\n|\Z)")
_BLANK = " \t"


def insert_after(parsed: Parsed, beside: tuple[Node, Node], key: str, value: str, edit: Edit) -> list[Splice]:
    """The splices that add `key: value` right after the entry `beside`; raises BumpRefused where that is
    unclear.

    The value must be one that is a string when plain, or the style beside it must have quotes.
    """
    key_node, value_node = beside
    if value_node.style in {"|", ">"} or value_node.target is not None:
        message = f"cannot add {key!r} beside a value that is a block scalar or an alias; add it by hand"
        raise parsed.refuse(value_node.start, message)
    flow = key_node.parent is not None and key_node.parent.flow
    entry = _entry(parsed, key_node, value_node, key, value, flow=flow)
    if flow:
        return _in_flow(parsed, key_node, value_node, entry, edit)
    column = _column(parsed.text, key_node.start)
    line_end = _line_end(parsed.text, value_node.end)
    new = _newline(parsed.text, line_end) + " " * column + entry
    return [Splice(start=line_end, end=line_end, new=new, lead=len(new) - 1, edits=(edit,))]


def _entry(parsed: Parsed, key_node: Node, value_node: Node, key: str, value: str, *, flow: bool) -> str:
    quote = {"'": single_quoted, '"': double_quoted}.get(key_node.style or "")
    name = quote(key) if quote else key
    between = parsed.text[key_node.end : value_node.start]
    colon = ":" if between == ":" and flow and quote else ": "
    return name + colon + written(value, style=value_node.style, flow=flow, tagged=False)


def _in_flow(parsed: Parsed, key_node: Node, value_node: Node, entry: str, edit: Edit) -> list[Splice]:
    text, end = parsed.text, value_node.end
    line_start = text.rfind("\n", 0, key_node.start) + 1
    rest = _REST_OF_FLOW_LINE.match(text, end)
    if text[line_start : key_node.start].strip(_BLANK) or rest is None:
        gap = "," if text[end : end + 2].startswith(",") and text[end + 1 : end + 2] not in " \r\n" else ", "
        new = gap + entry
        return [Splice(start=end, end=end, new=new, lead=len(new) - 1, edits=(edit,))]
    # One entry a line: a comment behind the tag stays with the tag.
    comma = rest.group(1)
    indent = text[line_start : key_node.start]
    new = _newline(text, rest.end()) + indent + entry + comma
    added = Splice(start=rest.end(), end=rest.end(), new=new, lead=len(new) - 1, edits=(edit,))
    return [added] if comma else [Splice(start=end, end=end, new=","), added]


def _column(text: str, key_start: int) -> int:
    line_start = text.rfind("\n", 0, key_start) + 1
    before = text[line_start:key_start].rstrip(_BLANK)
    # With an explicit key (`? tag`) the mapping's column is that of the question mark.
    return len(before) - 1 if before.endswith("?") else key_start - line_start


def _line_end(text: str, position: int) -> int:
    """Where the line of `position` ends, before its line break."""
    found = text.find("\n", position)
    if found < 0:
        return len(text)
    return found - 1 if found > 0 and text[found - 1] == "\r" else found


def _newline(text: str, line_end: int) -> str:
    """The line break that stands at `line_end`, or at the end of the file the one before it."""
    if line_end < len(text):
        return "\r\n" if text[line_end] == "\r" else "\n"
    last = text.rfind("\n")
    return "\r\n" if last > 0 and text[last - 1] == "\r" else "\n"
