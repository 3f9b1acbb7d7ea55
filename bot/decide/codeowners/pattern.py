"""A pattern of a CODEOWNERS line as tokens, or the reason why GitHub would skip the line.

Rules: GitHub Docs, "About code owners" (the rules of gitignore, but without `!`, `[ ]` and `\\#`; paths are case
sensitive; `docs/*` is not recursive) and git-scm.com, gitignore, "Pattern format". That brackets count as plain
characters when both are escaped is what GitHub's own error message says (quoted in open-sauced/pizza-cli#100).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bot.decide.codeowners.glob import ANY, STAR, Glob

MAX_PATTERN = 1024
"""Characters. Far beyond real patterns; it bounds the work of a single one (attack case 46)."""


class Deep(Enum):
    """`**` as a segment: any number of segments, also none."""

    DEEP = "**"


class Tail(Enum):
    """What lies at the end of the tokens."""

    BOTH = "the file, or everything below the directory"
    BELOW = "only what is below the directory"
    FILE = "only the file: a last `*` is not recursive"


Token = str | Glob | Deep
DEEP = Deep.DEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Tokens from the root of the repository on. The last is never `DEEP`, and no two `DEEP` are neighbours."""

    tokens: tuple[Token, ...]
    tail: Tail


ONE = Glob.of((STAR,))
"""`*` as a segment: one name, whichever."""
EVERYTHING = Pattern(tokens=(), tail=Tail.BELOW)


class PatternError(Exception):
    """A pattern that GitHub refuses or that can never match.

    `column` counts the pattern's characters from 1. `suspect` matches at least all that the author can have meant.
    """

    def __init__(self, column: int, message: str, suspect: Pattern) -> None:
        super().__init__(message)
        self.column = column
        self.message = message
        self.suspect = suspect


Segment = Sequence[str]
"""Atoms; a plain name is its own sequence of them."""
_WILD = {"*": STAR, "?": ANY}
_SPECIAL = re.compile(r"[\\\[\]]")


def read_pattern(text: str) -> Pattern:
    """The pattern of one line, without blanks around it. Raises PatternError."""
    if len(text) > MAX_PATTERN:
        raise PatternError(1, f"the pattern is longer than {MAX_PATTERN} characters", EVERYTHING)
    if text.startswith("!"):
        raise PatternError(1, "`!` does not negate in CODEOWNERS; remove the line", _suspect(text[1:]))
    if text.startswith("\\#"):
        raise PatternError(1, "a pattern cannot begin with an escaped `#`; match it with `?`", _suspect(text))
    segments, bracket = _segments(text)
    if bracket:
        raise PatternError(
            bracket, "`[ ]` is no range in CODEOWNERS; escape both as `\\[` and `\\]`", _suspect(text)
        )
    if text.strip("/") == "":
        raise PatternError(1, "the pattern never matches anything; did you mean `*`?", EVERYTHING)
    inner = segments[not segments[0] : len(segments) - (not segments[-1])]
    if any(_never(segment) for segment in inner):
        raise PatternError(1, "the pattern never matches: `//`, `.` and `..` are no names", _suspect(text))
    return _pattern(segments)


def _segments(text: str) -> tuple[list[Segment], int]:
    """Atoms by segment, and the column of the first bracket that is not escaped (0: none).

    Raises PatternError for a backslash that escapes nothing, or a slash.
    """
    if not _SPECIAL.search(text):
        return [_atoms(part) for part in text.split("/")], 0
    segments: list[list[str]] = [[]]
    bracket = 0
    characters = iter(enumerate(text, start=1))
    for column, character in characters:
        if character == "\\":
            _, literal = next(characters, (0, "/"))
            if literal == "/":
                raise PatternError(column, "the backslash has no character to escape; remove it", EVERYTHING)
            segments[-1].append(literal)
        elif character == "/":
            segments.append([])
        else:
            bracket = bracket or (column if character in "[]" else 0)
            segments[-1].append(_WILD.get(character, character))
    return list(segments), bracket


def _atoms(part: str) -> Segment:
    return [_WILD.get(character, character) for character in part] if "*" in part or "?" in part else part


def _never(segment: Segment) -> bool:
    return "".join(segment) in ("", ".", "..")


def _pattern(segments: Sequence[Segment]) -> Pattern:
    """A slash at the start or in the middle anchors at the root; one at the end means directories (gitignore)."""
    rooted, directory = not segments[0], not segments[-1]
    names = segments[rooted : len(segments) - directory]
    tokens: list[Token] = [] if rooted or len(names) > 1 else [DEEP]
    for name in names:
        token = _token(name)
        if token is not DEEP or tokens[-1:] != [DEEP]:
            tokens.append(token)
    if tokens[-1] is not DEEP:
        tail = Tail.BELOW if directory else Tail.FILE if tokens[-1] == ONE else Tail.BOTH
    elif directory:
        tokens.append(ONE)  # `a/**/` speaks of each directory below `a`, not of `a` itself.
        tail = Tail.BELOW
    else:
        tokens.pop()
        tail = Tail.BELOW
    return Pattern(tokens=tuple(tokens), tail=tail)


def _token(name: Segment) -> Token:
    if isinstance(name, str):
        return name
    if name == [STAR, STAR]:
        return DEEP
    # Other stars in a row stand for one (gitignore).
    atoms = [atom for place, atom in enumerate(name) if atom != STAR or name[place - 1 : place] != [STAR]]
    if STAR in atoms or ANY in atoms:
        return Glob.of(tuple(atoms))
    return "".join(atoms)


def _suspect(text: str) -> Pattern:
    """Wider than any reading of a refused pattern: from a segment's first bracket to its last, anything goes."""
    try:
        segments, bracket = _segments(text)
    except PatternError as error:
        return error.suspect
    if bracket:
        segments = [_widened(segment) for segment in segments]
    rooted, directory = not segments[0], not segments[-1]
    names = [segment for segment in segments if not _never(segment)]
    if not names:
        return EVERYTHING
    found = _pattern([*([[]] if rooted else []), *names, *([[]] if directory else [])])
    return Pattern(tokens=found.tokens, tail=Tail.BOTH if found.tail is Tail.FILE else found.tail)


def _widened(segment: Segment) -> Segment:
    brackets = [place for place, atom in enumerate(segment) if atom in ("[", "]")]
    return [*segment[: brackets[0]], STAR, *segment[brackets[-1] + 1 :]] if brackets else segment
