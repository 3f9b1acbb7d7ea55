"""Hides `{{ … }}` template leftovers so that the rest of a file parses; every character keeps its place."""

from __future__ import annotations

import re

OPEN, CLOSE = "{{", "}}"
HIDDEN = "\0"
"""Stands for a hidden character while masking; YAML allows no NUL, so a text that has one is left to the parser."""

_NOT_BREAK = re.compile(r"[^\r\n]")
_ONLY_HIDDEN = re.compile(r"^[ \t]*\0[ \t\0]*\r?$", re.MULTILINE)

Span = tuple[int, int]


def mask(text: str) -> tuple[str, tuple[Span, ...]]:
    """Return `text` with template actions blanked out, at equal length, and the spans that were blanked.

    A line that holds nothing but actions becomes a comment; an action inside a line becomes a plain word.
    Only `{{/* … */}}` may run over several lines; another action that does not close on its line stays as
    it is, and the parser refuses it.
    """
    spans = () if HIDDEN in text else tuple(_actions(text))
    if not spans:
        return text, ()
    pieces: list[str] = []
    position = 0
    for start, end in spans:
        pieces.append(text[position:start])
        pieces.append(_NOT_BREAK.sub(HIDDEN, text[start:end]))
        position = end
    pieces.append(text[position:])
    commented = _ONLY_HIDDEN.sub(lambda line: line.group().replace(HIDDEN, "#"), "".join(pieces))
    return commented.replace(HIDDEN, "x"), spans


def _actions(text: str) -> list[Span]:
    spans: list[Span] = []
    position = text.find(OPEN)
    while position >= 0:
        line_end = text.find("\n", position)
        limit = len(text) if line_end < 0 else line_end
        comment = text[position + 2 : position + 8].lstrip("- \t").startswith("/*")
        if comment:
            stop = text.find("*/", position)
            limit = len(text)
            close = text.find(CLOSE, stop) if stop >= 0 else -1
        else:
            close = text.find(CLOSE, position, limit)
        if close < 0:
            # Unclosed: nothing more can be hidden on this line, so go on behind it (keeps the scan linear).
            position = text.find(OPEN, limit)
            continue
        spans.append((position, close + len(CLOSE)))
        position = text.find(OPEN, close + len(CLOSE))
    return spans
