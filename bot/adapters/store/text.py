"""Making foreign text safe to keep: one line, no control characters, a bounded length (attack cases 98 and 99).

PostgreSQL refuses NUL in text and \\u0000 in jsonb, and UTF-8 has no lone surrogates; GitHub's JSON may hold all three.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

REASON_LIMIT = 2_000
"""Characters of a reason that are kept."""
DETAIL_LIMIT = 10_000
"""Characters of one text inside the details."""
_MARK = " … (cut)"
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Control, format (bidirectional overrides, zero width), surrogate, line and paragraph separator."""


def plain(text: str, limit: int = REASON_LIMIT) -> str:
    """`text` on one line: NUL gone, other control and format characters escaped as in Python, at most `limit`
    characters, of which the last say that it was cut."""
    if len(text) <= limit and text.isprintable():
        return text  # nearly always, and the receiver asks five times for each delivery
    kept = "".join(_shown(character) for character in text[: limit + 1] if character != "\0")
    return kept if len(kept) <= limit else kept[: limit - len(_MARK)] + _MARK


def optional(text: str | None, limit: int = 500) -> str | None:
    """`plain` for fields that may be absent."""
    return None if text is None else plain(text, limit)


def plain_json(value: Any) -> Any:
    """A JSON value whose texts and keys are plain; what JSON does not know becomes its `str`."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if value - value == 0 else str(value)
        case str():
            return plain(value, DETAIL_LIMIT)
        case Mapping():
            return {plain(str(key), 200): plain_json(item) for key, item in value.items()}
        case list() | tuple():
            return [plain_json(item) for item in value]
        case set() | frozenset():
            return sorted(plain(str(item), DETAIL_LIMIT) for item in value)
        case _:
            return plain(str(value), DETAIL_LIMIT)


def _shown(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    if unicodedata.category(character) in _UNSAFE:
        return character.encode("unicode_escape").decode("ascii")
    return character
