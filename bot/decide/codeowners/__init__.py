"""CODEOWNERS exactly as GitHub reads it: parse the file, find each path's owners, name the lines that block.

Rows R4 and R8, attack cases 44 to 46. Whether an owner exists, may write, and is a person is not known here: that takes
questions to GitHub. Everything here is pure and bounded: a file or a path that would take too long is refused.
"""

from bot.decide.codeowners.match import owners_for_change, owners_of, owners_of_all
from bot.decide.codeowners.parse import MAX_BYTES, MAX_LINES, parse
from bot.decide.codeowners.places import CODEOWNERS_PATHS, find
from bot.decide.codeowners.values import (
    CodeOwners,
    CodeOwnersRefused,
    LineError,
    Match,
    Ownership,
    Rule,
)

__all__ = [
    "CODEOWNERS_PATHS",
    "MAX_BYTES",
    "MAX_LINES",
    "CodeOwners",
    "CodeOwnersRefused",
    "LineError",
    "Match",
    "Ownership",
    "Rule",
    "find",
    "owners_for_change",
    "owners_of",
    "owners_of_all",
    "parse",
]
