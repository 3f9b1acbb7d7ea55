"""What a CODEOWNERS file says, as values: rules, errors, and the answer for a path."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.decide.codeowners.tree import Tree
from bot.errors import UserError


class CodeOwnersRefused(UserError):
    """A question that gets no answer: not a path of a repository, or patterns that would take too long to match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One valid line. No owners means: nobody owns what it matches, whatever earlier lines say (GitHub)."""

    line: int
    """Counted from 1."""
    pattern: str
    """As it is written, escapes and all."""
    owners: tuple[str, ...]
    """`@user`, `@org/team` or an e-mail address, as written and in that order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineError:
    """A line that GitHub skips, or a whole file that it does not load. Here it blocks what it might be about."""

    file: str
    line: int | None
    """Counted from 1; None speaks of the whole file."""
    column: int | None
    """In characters, counted from 1; None speaks of the whole line."""
    kind: str
    """`Invalid pattern` and `Invalid owner` are GitHub's own words; also `Unreadable line`, `File too large`."""
    message: str
    """One sentence: what is wrong and what to do."""

    def __str__(self) -> str:
        """`CODEOWNERS:7:3: Invalid owner: …`."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.kind}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOwners:
    """A CODEOWNERS file that was read, with what `owners_of` needs to answer quickly."""

    file: str
    rules: tuple[Rule, ...]
    """In the order of the file; the last that matches decides."""
    errors: tuple[LineError, ...]
    """In the order of the file."""
    loaded: bool
    """False: the file as a whole was refused, so there are no rules and the error is about every path."""
    rule_tree: Tree = field(repr=False, compare=False)
    """Pattern → index in `rules`."""
    error_tree: Tree = field(repr=False, compare=False)
    """What the pattern of an invalid line may have meant → index in `errors`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The rule that decides about a path."""

    line: int
    pattern: str
    owners: tuple[str, ...]
    """Empty: matched, and owned by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Who owns one path of a change."""

    path: str
    match: Match | None
    """None: no rule matches, so nobody owns it."""
    error: LineError | None
    """An invalid line that might have decided instead: with it, `match` must not be relied on (attack case 44)."""

    @property
    def owners(self) -> tuple[str, ...]:
        """The owners as GitHub would say; empty for nobody."""
        return self.match.owners if self.match else ()
