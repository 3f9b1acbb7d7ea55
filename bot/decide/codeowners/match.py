"""Who owns a path: the last rule that matches, and the invalid line that might have decided instead."""

from __future__ import annotations

from collections.abc import Iterable

from bot.decide.codeowners.tree import NONE, TooMuchWork, Work
from bot.decide.codeowners.values import CodeOwners, CodeOwnersRefused, LineError, Match, Ownership

MAX_PATH = 8192
"""Characters; Git and systems stop at 4,096 bytes."""
BUDGET = 5_000_000
"""Steps of one call: a few seconds. Ten thousand ordinary rules and three thousand paths take a tenth of it."""


def owners_of(codeowners: CodeOwners, path: str) -> Match | None:
    """The rule that decides about `path` (from the repository's root, as Git names it); None if none matches.

    Says what GitHub would say, so invalid lines are passed over; a decision takes `owners_for_change`. Raises
    CodeOwnersRefused for what is not a path, and for patterns that take too long.
    """
    return owners_of_all(codeowners, [path])[path]


def owners_of_all(codeowners: CodeOwners, paths: Iterable[str]) -> dict[str, Match | None]:
    """`owners_of` for many paths at once, in their order, within one budget."""
    return {each.path: each.match for each in owners_for_change(codeowners, paths)}


def owners_for_change(codeowners: CodeOwners, paths: Iterable[str]) -> tuple[Ownership, ...]:
    """Who owns each path of a change, each path once, in the order given.

    Give both names of a renamed file: taking a file away from its owners needs them as much as giving it. Where an
    `error` stands, the owners are not resolved and the change does not pass (attack case 44). Raises as `owners_of`.
    """
    work = Work(BUDGET)
    try:
        return tuple(_ownership(codeowners, path, work) for path in dict.fromkeys(paths))
    except TooMuchWork:
        raise CodeOwnersRefused(
            f"{codeowners.file}: its patterns take too long to match; use fewer wildcards"
        ) from None


def _ownership(codeowners: CodeOwners, path: str, work: Work) -> Ownership:
    segments = path.split("/")
    if len(path) > MAX_PATH or any(segment in ("", ".", "..") for segment in segments):
        raise CodeOwnersRefused(f"{path[:80]!r} is not the path of a file from the repository's root")
    number = codeowners.rule_tree.last(segments, work)
    match = None
    if number != NONE:
        rule = codeowners.rules[number]
        match = Match(line=rule.line, pattern=rule.pattern, owners=rule.owners)
    return Ownership(path=path, match=match, error=_blocking(codeowners, segments, match, work))


def _blocking(
    codeowners: CodeOwners, segments: list[str], match: Match | None, work: Work
) -> LineError | None:
    """The last invalid line that may be about the path, if no valid line after it decides anyway."""
    number = codeowners.error_tree.last(segments, work) if codeowners.errors else NONE
    if number == NONE:
        return None
    error = codeowners.errors[number]
    return error if match is None or error.line is None or error.line > match.line else None
