"""The one place where text changes: splice, parse again, and prove that only the meant scalars changed.

Bytes outside the splices cannot differ, because they are never written anew. What could go wrong is that
the same bytes mean something else beside the new ones; so the parser's whole event stream is compared
before and after (attack case 52).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from bot.decide.bump.masking import mask
from bot.decide.bump.nodes import Node
from bot.decide.bump.parse import Parsed, Unparsable, events_of
from bot.decide.bump.strings import is_string_when_plain
from bot.decide.bump.tree import signature
from bot.decide.bump.values import BumpRefused, Edit

STRING_TAGS = (None, "tag:yaml.org,2002:str")


@dataclass(frozen=True, slots=True, kw_only=True)
class Splice:
    """`text[start:end]` becomes `new`. The Edit's `line` is filled in afterwards; None edits are mere
    punctuation.
    """

    start: int
    end: int
    new: str
    lead: int = 0
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be spliced and what the parser must see afterwards.

    `values`: event index → the scalar's new value. `added`: event index of a value → the (key, value) that
    follow it.
    """

    splices: Sequence[Splice]
    values: Mapping[int, str]
    added: Mapping[int, tuple[str, str]]


def carry_out(parsed: Parsed, plan: Plan) -> tuple[bytes, tuple[Edit, ...]]:
    """Apply `plan` and prove it; raise BumpRefused (and change nothing) when the proof fails."""
    text = parsed.text
    pieces: list[str] = []
    placed: list[tuple[int, Edit]] = []
    position = length = 0
    for splice in sorted(plan.splices, key=lambda s: (s.start, s.end)):
        if splice.start < position:
            raise parsed.refuse(splice.start, "two edits overlap here; make them one at a time")
        for piece in (text[position : splice.start], splice.new):
            pieces.append(piece)
            length += len(piece)
        placed += [(length - len(splice.new) + splice.lead, edit) for edit in splice.edits]
        position = splice.end
    pieces.append(text[position:])
    result = "".join(pieces)
    _prove(parsed, plan, result)
    edits: list[Edit] = []
    line, counted = 1, 0
    for at, edit in placed:
        line, counted = line + result.count("\n", counted, at), at
        edits.append(replace(edit, line=line))
    return (parsed.bom + result).encode("utf-8"), tuple(edits)


def _prove(parsed: Parsed, plan: Plan, result: str) -> None:
    readable = mask(result)[0] if parsed.masked else result
    try:
        _compare(parsed, plan, events_of(readable, file=parsed.file))
    except Unparsable as error:
        raise _unproven(parsed, plan, f"the edited text would not parse ({error.message})") from error


def _compare(parsed: Parsed, plan: Plan, new: Iterator[Any]) -> None:
    values, added = plan.values, plan.added
    for index, old in enumerate(parsed.events):
        event = next(new, None)
        if index in values:
            # The value and its quotes are new; anchor and tag stay.
            same = _reads(event, values[index]) and signature(event)[2:4] == old[2:4]
        else:
            same = event is not None and signature(event) == old
        if not same:
            raise _unproven(parsed, plan, "the edit would change more than the value meant")
        for value in added.get(index, ()):
            if not _reads(next(new, None), value):
                raise _unproven(parsed, plan, "the new key would not read back as it was meant")
    if next(new, None) is not None:
        raise _unproven(parsed, plan, "the edit would add more than the value meant")


def _reads(event: Any, wanted: str) -> bool:
    """Whether the event is a scalar that every reader takes for the wanted string."""
    if not isinstance(event, yaml.ScalarEvent) or event.value != wanted or event.tag not in STRING_TAGS:
        return False
    return bool(event.style or event.tag is not None or is_string_when_plain(event.value))


def _unproven(parsed: Parsed, plan: Plan, why: str) -> BumpRefused:
    first = min((splice.start for splice in plan.splices), default=0)
    return parsed.refuse(first, f"{why}; edit this line by hand")


def value_span(parsed: Parsed, node: Node) -> tuple[int, int] | None:
    """Where a scalar's own text stands, without anchor and tag; None when that cannot be told."""
    text, start, end = parsed.text, node.start, node.end
    while start < end and text[start] in "&!":
        while start < end and text[start] not in " \t\r\n":
            start += 1
        while start < end and text[start] in " \t\r\n":
            start += 1
    if start == end:
        return (start, end) if node.text == "" and node.style is None else None
    expected = node.style or node.text[:1]
    return (start, end) if text[start] == expected else None
