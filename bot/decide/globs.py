"""Does a branch match a pattern of the rules file? `*` stays within a path segment, `**` crosses segments.

The words are those of GitHub's branch filters (docs.github.com, "Workflow syntax", filter pattern cheat
sheet), of which only the stars are known here; every other character stands for itself, and case counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_TOKENS = re.compile(r"\*+/?|[^*]", re.DOTALL)
_LONGEST = 1024
_SEGMENTS = ("**/?", "**", "/")
"""`**/`: the first stands for nothing, and leads to the other two or past them."""


def matches(pattern: str, text: str) -> bool:
    """Whether the whole of `text` matches. `**/` also stands for no segment at all: `**/x` matches `x`.

    Every reachable place in the pattern is followed at once, so the time grows with the product of both
    lengths and never faster, whatever the stars (attack case 46). A text longer than any branch name
    matches nothing.
    """
    if len(pattern) > _LONGEST or len(text) > _LONGEST:
        return False
    tokens = _tokens(pattern)
    places = _closure(tokens, {0})
    for character in text:
        after: set[int] = set()
        for place in places:
            if place == len(tokens):
                continue
            part = tokens[place]
            if part == "**" or (part == "*" and character != "/"):
                after.add(place)
            elif part == character:
                after.add(place + 1)
        places = _closure(tokens, after)
        if not places:
            return False
    return len(tokens) in places


def matches_any(patterns: Iterable[str], text: str) -> bool:
    """Whether one of the patterns matches."""
    return any(matches(pattern, text) for pattern in patterns)


def _tokens(pattern: str) -> tuple[str, ...]:
    """Characters and stars: `*`, `**`, and `_SEGMENTS` for a `**/` that begins a segment."""
    tokens: list[str] = []
    for found in _TOKENS.finditer(pattern):
        token = found.group()
        stars = token.count("*")
        if not stars:
            tokens.append(token)
            continue
        at_start = found.start() == 0 or pattern[found.start() - 1] == "/"
        if stars > 1 and token.endswith("/") and at_start:
            tokens += _SEGMENTS
            continue
        tokens.append("*" if stars == 1 else "**")
        if token.endswith("/"):
            tokens.append("/")
    return tuple(tokens)


def _closure(tokens: tuple[str, ...], places: set[int]) -> set[int]:
    """The places reached without reading a character: a star may stand for nothing."""
    reached = set(places)
    waiting = list(places)
    while waiting:
        place = waiting.pop()
        part = tokens[place] if place < len(tokens) else ""
        steps = {"*": (1,), "**": (1,), "**/?": (1, len(_SEGMENTS))}.get(part, ())
        fresh = {place + step for step in steps} - reached
        reached |= fresh
        waiting += fresh
    return reached
