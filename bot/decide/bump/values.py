"""What goes into the bump and what comes out of it: edits asked for, edits made, and the refusal."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarEdit:
    """One scalar and the string that is to stand there (row R2).

    `pointer` is an RFC 6901 JSON Pointer inside one YAML document. `document` counts the file's documents
    from 0; None means that the pointer must exist in exactly one of them.
    """

    pointer: str
    value: str
    document: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change that was made. `line` counts from 1 in the edited text; `before` is None for an inserted
    key.
    """

    file: str
    line: int
    pointer: str
    before: str | None
    after: str


class BumpRefused(UserError, ValueError):
    """The file is left as it was (attack case 52). The text names the file, the line and what to do.

    `line` counts from 1 in the text as it stands; None when the whole file is meant.
    """

    def __init__(self, *, file: str, line: int | None, message: str) -> None:
        self.file = file
        self.line = line
        self.message = message
        super().__init__(f"{file}:{line}: {message}" if line is not None else f"{file}: {message}")
