"""Hides `{{ … }}` template leftovers so that the rest of a file parses; every character keeps its place."""

from __future__ import annotations

OPEN, CLOSE = "{{", "}}"
FILL, COMMENT = "x", "#"

Span = tuple[int, int]


def mask(text: str) -> tuple[str, tuple[Span, ...]]:
    """Return `text` with template actions blanked out, at equal length, and the spans that were blanked.

    A line that holds nothing but actions becomes a comment; an action inside a line becomes a plain word.
    Only `{{/* … */}}` may run over several lines; another action that does not close on its line stays as
    it is, and the parser refuses it.
    """
    spans = tuple(_actions(text))
    if not spans:
        return text, ()
    pieces: list[str] = []
    position = 0
    for start, end in spans:
        pieces.append(text[position:start])
        pieces.append("".join(c if c in "\r\n" else FILL for c in text[start:end]))
        position = end
    pieces.append(text[position:])
    masked = "".join(pieces)
    return _comment_out(text, masked, spans), spans


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


def _comment_out(text: str, masked: str, spans: tuple[Span, ...]) -> str:
    """Turn lines that hold only actions and blanks into comments."""
    pieces: list[str] = []
    done = 0
    for line_start, line_end, inside in _lines_with_actions(text, spans):
        rest = [c for i, c in enumerate(text[line_start:line_end], line_start) if not _covered(i, inside)]
        if any(c not in " \t\r" for c in rest):
            continue
        pieces.append(masked[done:line_start])
        pieces.append(masked[line_start:line_end].replace(FILL, COMMENT))
        done = line_end
    pieces.append(masked[done:])
    return "".join(pieces)


def _covered(index: int, spans: list[Span]) -> bool:
    return any(start <= index < end for start, end in spans)


def _lines_with_actions(text: str, spans: tuple[Span, ...]) -> list[tuple[int, int, list[Span]]]:
    lines: dict[int, tuple[int, int, list[Span]]] = {}
    for start, end in spans:
        position = start
        while position < end:
            line_start = text.rfind("\n", 0, position) + 1
            found = text.find("\n", position)
            line_end = len(text) if found < 0 else found
            lines.setdefault(line_start, (line_start, line_end, []))[2].append((start, end))
            position = line_end + 1
    return [lines[start] for start in sorted(lines)]
