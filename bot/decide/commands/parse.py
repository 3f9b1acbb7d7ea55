"""From a comment's text to commands: names and arguments. Pure; who may do what is asked elsewhere.

Nothing here raises for what people write: a command that cannot be understood is a `Malformed` value with the way it is
written, so that it gets its one answer (attack cases 65, 68, 70, 72).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.decide.commands.lines import Line, command_lines
from bot.decide.commands.usage import NAMES, syntax
from bot.decide.commands.values import (
    Acknowledge,
    Approve,
    CancelApproval,
    CancelOverride,
    Command,
    Decide,
    DryRun,
    FalsePositive,
    Help,
    Hold,
    Hotfix,
    LiftVeto,
    Malformed,
    Override,
    Promote,
    Retry,
    Rollback,
    Status,
    Sync,
    TooMany,
    Unhold,
)
from bot.decide.text import code, has_words, truncate, visible
from bot.model.image import DIGEST, TAG
from bot.model.rollback import TARGET, is_target

LIMIT = 10
"""Commands that one comment may hold (attack case 72)."""
LONGEST_REASON = 2_000
_MOST_WORDS = 50
DECISIONS = ("rollback", "fix-forward", "accept")
"""What people decide on an incident (row C5)."""

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_REASON = re.compile(r"(?:^|(?<=[ \t]))(?:(reason:)|(?:--|—)reason(?:=|[ \t]+|$))", re.IGNORECASE)
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“", "«": "»"}


class _Unclear(Exception):
    """What is wrong with a command's arguments, in words safe to show."""


def parse(body: str) -> tuple[Command, ...]:
    """The commands of a comment, from top to bottom; at most `LIMIT`, then one `TooMany`. Never raises.

    `body` is the comment's Markdown as GitHub holds it. Only a created comment is to be parsed, never an edited one
    (attack case 64); that is the caller's part.
    """
    lines = command_lines(body, NAMES)
    commands = [_command(line) for line in lines[:LIMIT]]
    if len(lines) > LIMIT:
        over = lines[LIMIT]
        commands.append(TooMany(name=over.name, raw=over.raw, line=over.number, limit=LIMIT))
    return tuple(commands)


def _command(line: Line) -> Command:
    try:
        return _READERS[line.name](line)
    except _Unclear as error:
        return Malformed(
            name=line.name, raw=line.raw, line=line.number, usage=syntax(line.name), problem=str(error)
        )


def _promote(line: Line) -> Command:
    return Promote(name=line.name, raw=line.raw, line=line.number, words=_words(line.rest))


def _override(line: Line) -> Command:
    head, reason = _split_reason(line.rest)
    words = _words(head)
    if words and words[0].lower() == "cancel":
        gate = _at_most_one(words[1:], "gate")
        return CancelOverride(name=line.name, raw=line.raw, line=line.number, gate=gate)
    given = _needed(reason)
    gate = _at_most_one(words, "gate")
    return Override(name=line.name, raw=line.raw, line=line.number, gate=gate, reason=given)


def _rollback(line: Line) -> Command:
    head, reason = _split_reason(line.rest)
    targets = re.findall(r"(?:^|(?<=[ \t]))to:[ \t]*([^ \t]*)", head, re.IGNORECASE)
    words = _words(re.sub(r"(?:^|(?<=[ \t]))to:[ \t]*[^ \t]*", "", head, flags=re.IGNORECASE))
    if len(targets) > 1:
        raise _Unclear("it names two targets; give one `to:`")
    if targets and not is_target(targets[0]):
        raise _Unclear(f"{_shown(targets[0])} is neither {TARGET}")
    return Rollback(
        name=line.name,
        raw=line.raw,
        line=line.number,
        components=words,
        to=targets[0] if targets else None,
        reason=_needed(reason),
    )


def _veto(line: Line) -> Command:
    head, reason = _split_reason(line.rest)
    words = head.split()
    if not words or words[0].lower() != "lift" or not 2 <= len(words) <= 3:
        raise _Unclear("say which veto is lifted: a component, and its tag or digest where there are several")
    component = _words(words[1])[0]
    which = words[2] if len(words) > 2 else None
    if which is not None and not (TAG.fullmatch(which) or DIGEST.fullmatch(which)):
        raise _Unclear(f"{_shown(which)} is neither a tag nor a digest")
    return LiftVeto(
        name=line.name,
        raw=line.raw,
        line=line.number,
        component=component,
        which=which,
        reason=_needed(reason),
    )


def _hotfix(line: Line) -> Command:
    environment = _at_most_one(_words(line.rest), "environment")
    return Hotfix(name=line.name, raw=line.raw, line=line.number, environment=environment)


def _hold(line: Line) -> Command:
    head, reason = _split_reason(line.rest)
    return Hold(
        name=line.name,
        raw=line.raw,
        line=line.number,
        environment=_at_most_one(_words(head), "environment"),
        reason=None if reason is None else _needed(reason),
    )


def _unhold(line: Line) -> Command:
    environment = _at_most_one(_words(line.rest), "environment")
    return Unhold(name=line.name, raw=line.raw, line=line.number, environment=environment)


def _decide(line: Line) -> Command:
    head, reason = _split_reason(line.rest)
    what = (_at_most_one(_words(head), "decision") or "").lower()
    if what not in DECISIONS:
        raise _Unclear("say what is decided: " + ", ".join(f"`{each}`" for each in DECISIONS))
    return Decide(name=line.name, raw=line.raw, line=line.number, what=what, reason=_needed(reason))


def _false_positive(line: Line) -> Command:
    head, reason = _split_reason(line.rest)
    if head.strip():
        raise _Unclear(f"{_shown(head)} is not understood after `/{line.name}`")
    return FalsePositive(name=line.name, raw=line.raw, line=line.number, reason=_needed(reason))


def _approve(line: Line) -> Command:
    if line.rest.lower() == "cancel":
        return CancelApproval(name=line.name, raw=line.raw, line=line.number)
    return _bare(Approve)(line)


def _bare(kind: type[Command]) -> Callable[[Line], Command]:
    """A reader of a command that takes nothing: words behind it may mean that something else was wanted."""

    def read(line: Line) -> Command:
        if line.rest:
            raise _Unclear(f"{_shown(line.rest)} is not understood after `/{line.name}`")
        return kind(name=line.name, raw=line.raw, line=line.number)

    return read


_READERS: dict[str, Callable[[Line], Command]] = {
    "promote": _promote,
    "override": _override,
    "rollback": _rollback,
    "veto": _veto,
    "hotfix": _hotfix,
    "hold": _hold,
    "unhold": _unhold,
    "approve": _approve,
    "ack": _bare(Acknowledge),
    "decide": _decide,
    "false-positive": _false_positive,
    "sync": _bare(Sync),
    "retry": _bare(Retry),
    "status": _bare(Status),
    "dry-run": _bare(DryRun),
    "help": _bare(Help),
}


def _words(text: str) -> tuple[str, ...]:
    """Names of environments, gates or components, each once, in the order given. Commands are case-insensitive, and
    the rules have such names in lower case alone."""
    words = re.split(r"[ \t]+", text.strip(" \t")) if text.strip(" \t") else []
    if len(words) > _MOST_WORDS:
        raise _Unclear(f"it holds more than {_MOST_WORDS} words")
    for word in words:
        if not _WORD.fullmatch(word):
            raise _Unclear(f"{_shown(word)} is not a name")
    return tuple(dict.fromkeys(word.lower() for word in words))


def _at_most_one(words: tuple[str, ...], what: str) -> str | None:
    if len(words) > 1:
        raise _Unclear(f"it names more than one {what}")
    return words[0] if words else None


def _split_reason(text: str) -> tuple[str, str | None]:
    """What stands before the reason, and the reason as written; None when there is none."""
    found = _REASON.search(text)
    if found is None:
        return text, None
    reason = text[found.end() :].strip(" \t")
    closing = _QUOTES.get(reason[:1])
    if closing and reason.find(closing, 1) == len(reason) - 1:
        return text[: found.start()], reason[1:-1]
    if closing and not found[1] and closing in reason[1:]:
        # `--reason "words" slo` reads like a command line; taking `slo` for words would set every gate aside.
        raise _Unclear("something follows the quoted reason; put the reason last")
    return text[: found.start()], reason


def _needed(reason: str | None) -> str:
    if reason is None:
        raise _Unclear("it needs a reason; add `reason:` and why, in words, as the last thing on the line")
    seen = visible(reason)
    if not has_words(seen):
        raise _Unclear("its reason is empty; say why, in words")
    if max(len(seen), len(reason)) > LONGEST_REASON:
        raise _Unclear(f"its reason is longer than {LONGEST_REASON:,} characters")
    return seen


def _shown(text: str) -> str:
    return code(truncate(visible(text), 60, "…"))
