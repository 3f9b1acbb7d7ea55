"""The words of a Go template: what stands between `{{` and `}}`, as Go's lexer reads it (https://pkg.go.dev/text/template)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


class BadTemplateError(ValueError):
    """Why Go would not read a template, for people."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of an action. `kind` is a group of `_WORD`, or `end` for the end of the action."""

    kind: str
    text: str


_OPEN = re.compile(r"\{\{(?:-(?=[ \t\r\n]))?")
_COMMENT = re.compile(r"[ \t\r\n]?/\*(?:[^*]|\*(?!/))*\*/(?:[ \t\r\n]-)?\}\}")
_CLOSE = re.compile(r"(?:[ \t\r\n]+-)?\}\}")
_WORD = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<text>"(?:\\.|[^"\\\n])*"|`[^`]*`)
      | (?P<char>'(?:\\[^\n]|[^'\\\n])*')
      | (?P<variable>\$\w*)
      | (?P<number>[-+]?(?:\d|\.\d)[\w.]*(?:(?<=[eEpP])[-+]\d+)?i?|[-+])
      | (?P<field>\.\w+)
      | (?P<dot>\.)
      | (?P<name>\w+)
      | (?P<declare>:=)
      | (?P<sign>[=|,()])""",
    re.VERBOSE,
)
_NUMBER = re.compile(
    r"[-+]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]*|[1-9][\d_]*|[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?|\d[\d_]*[eE][-+]?\d+)i?"
)
_ESCAPED = re.compile(r"\\(?:[abfnrtv\\\"']|[0-7]{3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8})")
_BEHIND = frozenset(".,|:()} \t\r\n")
"""What may follow a variable, field or name."""


def actions(text: str) -> Iterator[list[Word]]:
    """The words of each action, comments left out; each list ends with an `end`. Raises BadTemplateError."""
    position = 0
    while (found := _OPEN.search(text, position)) is not None:
        comment = _COMMENT.match(text, found.end())
        if comment is not None:
            position = comment.end()
            continue
        words, position = _action(text, found.end())
        yield words


def _action(text: str, position: int) -> tuple[list[Word], int]:
    words: list[Word] = []
    while (close := _CLOSE.match(text, position)) is None:
        found = _WORD.match(text, position)
        if found is None:
            raise BadTemplateError(_unread(text, position))
        word = Word(found.lastgroup or "", found[0])
        _check(word, text[found.end() : found.end() + 1])
        words.append(word)
        position = found.end()
    return [*words, Word("end", "}}")], close.end()


def _unread(text: str, position: int) -> str:
    rest = text[position : position + 1]
    if not rest or rest in "\"`'" or "}}" not in text[position:]:
        return "an action {{ is not closed"
    return f"unexpected {rest!r} in an action"


def _check(word: Word, after: str) -> None:
    if word.kind in ("variable", "field", "name") and after and after not in _BEHIND:
        raise BadTemplateError(f"unexpected {after!r} behind {word.text}")
    if word.kind == "number" and not (_NUMBER.fullmatch(word.text) and any(map(str.isdigit, word.text))):
        raise BadTemplateError(f"unexpected {word.text!r} in an action")
    if word.kind == "char" and not _is_character(word.text[1:-1]):
        raise BadTemplateError(f'{word.text} is no single character; write a text as "…"')
    if word.text[:1] == '"' and "\\" in _ESCAPED.sub("", word.text):
        raise BadTemplateError(f"unknown escape in {word.text}")


def _is_character(inner: str) -> bool:
    return len(inner) == 1 or _ESCAPED.fullmatch(inner) is not None
