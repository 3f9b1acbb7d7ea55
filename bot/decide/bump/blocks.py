"""Edits inside block scalars (`|` and `>`): whole lines are exchanged, the others keep their bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEADER = re.compile(r"([|>])([-+0-9]*)[ \t]*(?:#[^\n]*)?\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockEdit:
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def edit_block(text: str, start: int, end: int, *, before: str, after: str) -> BlockEdit | str:
    """Exchange the changed lines of the block scalar at `text[start:end]` (header included).

    Returns the edit, or the reason why it cannot be made. Only lines that differ are touched; the caller
    proves the result by parsing it.
    """
    header = HEADER.match(text, start)
    if header is None:
        return "is a block scalar without lines"
    old, new = before.rstrip("\n"), after.rstrip("\n")
    if len(before) - len(old) != len(after) - len(new):
        return "is a block scalar, and the new value ends with another number of line breaks"
    lines = _content(text, header.end(), end)
    first = next((line for line in lines if line.strip(" \r\n")), None)
    if first is None:
        return "is an empty block scalar"
    explicit = re.search(r"[1-9]", header.group(2))
    if explicit is not None:
        return "is a block scalar with an explicit indentation"
    indent = len(first) - len(first.lstrip(" "))
    while lines and not lines[-1].strip(" \r\n"):
        lines.pop()
    bare = [line[indent:].rstrip("\r\n") for line in lines]
    wanted = new.split("\n")
    if header.group(1) == "|":
        if bare != old.split("\n"):
            return "is a block scalar whose lines do not read back as its value"
        return _exchange(lines, bare, wanted, indent=indent, start=header.end())
    if len(wanted) != 1:
        return "is a folded block scalar, and the new value has several lines"
    return _exchange(lines, bare, wanted, indent=indent, start=header.end())


def _content(text: str, start: int, end: int) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text[start:end])


def _exchange(lines: list[str], bare: list[str], wanted: list[str], *, indent: int, start: int) -> BlockEdit:
    head = 0
    while head < min(len(bare), len(wanted)) and bare[head] == wanted[head]:
        head += 1
    tail = 0
    while tail < min(len(bare), len(wanted)) - head and bare[-1 - tail] == wanted[-1 - tail]:
        tail += 1
    touched = lines[head : len(lines) - tail]
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    fresh = [" " * indent + line if line else "" for line in wanted[head : len(wanted) - tail]]
    begin = start + sum(len(line) for line in lines[:head])
    last = (touched or lines)[-1]
    final = last[len(last.rstrip("\r\n")) :]
    body = newline.join(fresh) + final if fresh else ""
    return BlockEdit(start=begin, end=begin + sum(len(line) for line in touched), text=body)
