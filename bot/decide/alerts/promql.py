"""PromQL as parsed: whether two expressions mean the same, which environments one names, and what is wrong in one.

The parser is GreptimeTeam's `promql-parser` (Rust). What it cannot read, or what is too large to give it (it recurses,
and a chain of thousands of operators would end the process), is compared token by token instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import promql_parser

MAX_PARSED = 400
"""Operators and depth of brackets together, up to which an expression is parsed."""
MAX_PRINTED = 60
"""The same, up to which two trees are compared: printing them takes cubic time."""

_TOKEN = re.compile(
    r"""\s+|\#[^\n]*
      | ("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`  # a string
      | [0-9][0-9.]*[eE][-+]?[0-9]+  # a number with an exponent
      | [A-Za-z_0-9:.$]+
      | =~|!~|==|!=|<=|>=|.)""",
    re.VERBOSE | re.DOTALL,
)
_HEAVY = re.compile(r"[^A-Za-z0-9_\s]|and|or|unless|atan2|bool|offset", re.IGNORECASE | re.ASCII)
"""Every character and word that could be an operator or a bracket, and more."""
_WORD = re.compile(r"[A-Za-z_0-9:.$]")
_MATCHING = frozenset({"=", "!=", "=~", "!~"})
_OPERATORS = frozenset({"and", "or", "unless", "atan2", "bool", "offset"})
_OLD_NAMES = {"holt_winters": "double_exponential_smoothing"}


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The tokens of an expression as they are written, without blanks and comments."""
    return tuple(filter(None, _TOKEN.findall(text)))


def kind_of(token: str) -> str:
    """`string`, `word` (a number too) or `sign`."""
    if token[0] in "\"'`" and len(token) > 1:
        return "string"
    return "word" if _WORD.match(token) else "sign"


def problem_of(text: str) -> str | None:
    """What is wrong with an expression, in the parser's words; None when nothing is, or it is too large to be parsed
    here (promtool judges it when the probes run).
    """
    parsed = _parsed(text)
    return parsed if isinstance(parsed, str) else None


def same(one: str, other: str) -> bool:
    """Whether two expressions are the same as parsed: blanks, comments and the spelling of literals do not count."""
    if one == other or tokens(one) == tokens(other):
        return True
    if max(weight(one), weight(other)) > MAX_PRINTED:
        return False
    first, second = _parsed(one), _parsed(other)
    if isinstance(first, str) or isinstance(second, str) or str(first) != str(second):
        return False
    # The short form is for people and might leave something out; the long one is the whole tree.
    return repr(first) == repr(second)


def matchers_on(text: str, label: str) -> list[str]:
    """Every matcher on `label` in the expression, in order, such as `environment="staging"`; also in one that does
    not parse.
    """
    seen = tokens(text)
    return ["".join(seen[at - 2 : at + 1]) for at in _matched(seen, label)]


def without_matchers(text: str, label: str) -> str:
    """The expression with the values that `label` is matched with taken out, to compare what is left."""
    seen = tokens(text)
    hidden = set(_matched(seen, label))
    return " ".join('""' if at in hidden else piece for at, piece in enumerate(seen))


def _matched(seen: tuple[str, ...], label: str) -> Iterator[int]:
    """The places of the strings that the label is matched with."""
    for at in range(2, len(seen)):
        name, operator, value = seen[at - 2 : at + 1]
        if operator in _MATCHING and kind_of(value) == "string" and name.strip("\"'") == label:
            yield at


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    """The parsed expression, or as text what is wrong with it; None when it is too large."""
    if weight(text) > MAX_PARSED:
        return None
    try:
        return promql_parser.parse(text)
    except ValueError as error:
        said = str(error)
    if "`" not in text and not any(name in text for name in _OLD_NAMES):
        return said
    try:
        return promql_parser.parse(_modern(text))
    except ValueError as error:
        return str(error)


def _modern(text: str) -> str:
    """The expression with raw strings in quotes (the parser reads escapes in them) and today's function names."""
    pieces: list[str] = []
    for found in _TOKEN.finditer(text):
        piece = found.group()
        if piece.startswith("`"):
            inner = piece[1:-1].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            piece = f'"{inner}"'
        pieces.append(_OLD_NAMES.get(piece, piece))
    return "".join(pieces)


def weight(text: str) -> int:
    """How deep the tree of an expression can be: its operators, and how deep brackets stand in brackets; or more, as
    long as that is little (most expressions need not be taken apart for it)."""
    most = len(_HEAVY.findall(text))
    if most <= MAX_PRINTED:
        return most
    depth = deepest = operators = 0
    for piece in tokens(text):
        kind = kind_of(piece)
        if kind == "sign":
            depth += (piece in "([{") - (piece in ")]}")
            deepest = max(deepest, depth)
            operators += piece not in "([{)]},=~"
        elif kind == "word":
            operators += piece.lower() in _OPERATORS
    return deepest + operators
