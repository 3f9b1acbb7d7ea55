"""Regular expressions from the rules file, asked of texts from outside, in linear time.

Python's own engine may take for ever over a short text (attack case 46); RE2 does not, at the price of no
back-references and no look-around. https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

LONGEST = 1024 * 1024
"""Characters of a text that are looked at."""
MEMORY = 8 * 1024 * 1024
"""Bytes for one expression and its automaton."""


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found anywhere in the text. One that RE2 refuses matches nothing: the rules are checked
    where they are read, so that happens only to what never came by there."""
    compiled = _compiled(pattern)
    return compiled is not None and compiled.search(text[:LONGEST]) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem, options.log_errors = MEMORY, False
    try:
        return re2.compile(pattern, options)
    except re2.error:
        return None
