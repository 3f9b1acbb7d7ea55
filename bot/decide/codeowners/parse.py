"""Reads a CODEOWNERS file into rules and errors, line by line.

Source: GitHub Docs, "About code owners" (syntax, comments, size) and the REST answer "List CODEOWNERS errors" (names of
the kinds). GitHub skips a line that it cannot read; what such a line may have been about is kept, because for Lockstep
it blocks (attack case 44).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.decide.codeowners.pattern import EVERYTHING, Pattern, PatternError, read_pattern
from bot.decide.codeowners.tree import Tree
from bot.decide.codeowners.values import CodeOwners, LineError, Rule

MAX_BYTES = 3_000_000
"""GitHub loads only files under 3 MB; of the two meanings of MB this is the stricter."""
MAX_LINES = 50_000
"""Rules and invalid lines together. GitHub names no such number; it bounds the work (attack case 46)."""
_SHOWN = 60

_TOKEN = re.compile(r"(?:[^ \t\\]|\\.?)+")
_BLANKS = "\u00a0\u1680\u2000-\u200b\u2028-\u202f\u205f-\u206f\u3000\ufeff"
_UNREADABLE = re.compile(f"[\x00-\x08\x0a-\x1f\x7f-\x9f{_BLANKS}\ufff9-\uffff]")
"""Control characters, the replacement of bytes that are not UTF-8, and what looks like a space or like nothing: whether
GitHub takes these for blanks is not documented."""
_NAME = r"[A-Za-z0-9_-]{1,100}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_OWNER = re.compile(
    rf"@{_NAME}(?:/{_NAME})?|[A-Za-z0-9.!$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL}){{1,20}}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bad:
    """An invalid line on its way to becoming an error."""

    column: int
    kind: str
    message: str
    suspect: Pattern


def parse(data: bytes, file: str = "CODEOWNERS") -> CodeOwners:
    """Rules and errors of a file's bytes; `file` is its path, for the messages. Never raises.

    A file that is too large, or has too many lines, has no rules and one error that stands for every path.
    """
    if len(data) >= MAX_BYTES:
        return _refused(file, None, f"{len(data)} bytes; GitHub loads only files under {MAX_BYTES:,} bytes")
    rules: list[Rule] = []
    patterns: list[Pattern] = []
    errors: list[LineError] = []
    suspects: list[Pattern] = []
    for number, raw in enumerate(data.split(b"\n"), start=1):
        text = raw.rstrip(b"\r").decode("utf-8", errors="replace")
        found = _line(number, text) if text else None
        if found is None:
            continue
        if len(rules) + len(errors) == MAX_LINES:
            return _refused(file, number, f"more than {MAX_LINES:,} rules; merge some of them")
        if isinstance(found, _Bad):
            errors.append(_error(file, number, found))
            suspects.append(found.suspect)
        else:
            rules.append(found[0])
            patterns.append(found[1])
    return CodeOwners(
        file=file,
        rules=tuple(rules),
        errors=tuple(errors),
        loaded=True,
        rule_tree=Tree(patterns),
        error_tree=Tree(suspects),
    )


def _refused(file: str, line: int | None, message: str) -> CodeOwners:
    error = LineError(file=file, line=line, column=None, kind="File too large", message=message)
    return CodeOwners(
        file=file,
        rules=(),
        errors=(error,),
        loaded=False,
        rule_tree=Tree(),
        error_tree=Tree([EVERYTHING]),
    )


def _error(file: str, line: int, bad: _Bad) -> LineError:
    return LineError(file=file, line=line, column=bad.column, kind=bad.kind, message=bad.message)


def _line(number: int, text: str) -> tuple[Rule, Pattern] | _Bad | None:
    """One line; None for a blank line or a comment."""
    if bad := _lone_return(text):
        return bad
    words = []
    for word in _TOKEN.finditer(text.removeprefix("\ufeff") if number == 1 and _is_comment(text) else text):
        if word.group().startswith("#"):
            break
        words.append(word)
    if not words:
        return None
    first = words[0]
    if strange := _UNREADABLE.search(text, first.start(), words[-1].end()):
        return _unreadable(strange)
    try:
        pattern = read_pattern(first.group())
    except PatternError as error:
        return _Bad(
            column=first.start() + error.column,
            kind="Invalid pattern",
            message=f"{error.message}: `{_short(first.group())}`",
            suspect=error.suspect,
        )
    for word in words[1:]:
        if not _OWNER.fullmatch(word.group()):
            message = f"`{_short(word.group())}` is not `@user`, `@organization/team` or an e-mail address"
            return _Bad(column=word.start() + 1, kind="Invalid owner", message=message, suspect=pattern)
    owners = tuple(word.group() for word in words[1:])
    return Rule(line=number, pattern=first.group(), owners=owners), pattern


def _is_comment(text: str) -> bool:
    """Whether a first line says nothing with or without its byte order mark."""
    return text.removeprefix("\ufeff").lstrip(" \t")[:1] in ("", "#")


def _lone_return(text: str) -> _Bad | None:
    """A carriage return inside a line or a comment: what follows may be a rule to one reader and not to another."""
    place = text.find("\r")
    if place < 0:
        return None
    message = "a carriage return inside the line; end lines with a line feed"
    return _Bad(column=place + 1, kind="Unreadable line", message=message, suspect=EVERYTHING)


def _unreadable(strange: re.Match[str]) -> _Bad:
    character = strange.group()
    what = "bytes that are not UTF-8" if character == "\ufffd" else f"the character U+{ord(character):04X}"
    return _Bad(
        column=strange.start() + 1,
        kind="Unreadable line",
        message=f"the line holds {what}; write it with plain spaces and UTF-8",
        suspect=EVERYTHING,
    )


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
