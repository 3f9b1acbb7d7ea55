"""What Compose makes of `$VAR`, `${VAR:-default}` and the like, as far as the file itself can tell.

The grammar is Compose's: https://docs.docker.com/reference/compose-file/interpolation/
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = (":-", ":+", ":?", "-", "+", "?")
_BRACE = re.compile(r"\$\{|\}")
MAX_DEPTH = 8
MAX_TEXT = 4096
"""A longer value is no switch, and is left as it stands."""


def possible(text: str, known: Mapping[str, str]) -> frozenset[str]:
    """The values that `text` may take: with every variable unset, with those of `.env` set, and with every
    alternative (`:+`) taken. `$$` is a dollar. What only the caller's environment knows is empty."""
    if "$" not in text or len(text) > MAX_TEXT:
        return frozenset((text,))
    return frozenset(_expand(text, values, taken, 0) for values in ({}, known) for taken in (False, True))


def _expand(text: str, known: Mapping[str, str], taken: bool, depth: int) -> str:
    out: list[str] = []
    position = 0
    while position < len(text):
        dollar = text.find("$", position)
        if dollar < 0 or depth > MAX_DEPTH:
            out.append(text[position:])
            break
        out.append(text[position:dollar])
        after = text[dollar + 1 : dollar + 2]
        if after == "$":
            out.append("$")
            position = dollar + 2
        elif after == "{":
            end = _closing(text, dollar + 2)
            out.append(_braced(text[dollar + 2 : end], known, taken, depth))
            position = end + 1
        else:
            name = _NAME.match(text, dollar + 1)
            out.append(known.get(name.group(), "") if name else "$")
            position = name.end() if name else dollar + 1
    return "".join(out)


def _closing(text: str, start: int) -> int:
    """Where the brace opened before `start` closes; the end of the text when it does not."""
    level = 1
    for found in _BRACE.finditer(text, start):
        level += 1 if found.group() == "${" else -1
        if level == 0:
            return found.start()
    return len(text)


def _braced(inner: str, known: Mapping[str, str], taken: bool, depth: int) -> str:
    name = _NAME.match(inner)
    if name is None:
        return ""
    rest = inner[name.end() :]
    operator = next((each for each in _OPERATORS if rest.startswith(each)), "")
    word = rest[len(operator) :]
    value = known.get(name.group())
    there = value is not None and (value != "" or not operator.startswith(":"))
    if operator.endswith("+"):
        return _expand(word, known, taken, depth + 1) if there or taken else ""
    if operator.endswith("-") and not there:
        return _expand(word, known, taken, depth + 1)
    return value or ""
