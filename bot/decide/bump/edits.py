"""Edits of single scalars by JSON Pointer (`lockstep bump --set`)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide.bump.lookup import Missing, find, pointer_tokens
from bot.decide.bump.parse import Parsed, parse
from bot.decide.bump.scalars import Target, plan_scalars
from bot.decide.bump.splice import Plan, carry_out
from bot.decide.bump.values import BumpRefused, Edit, ScalarEdit


def apply_edits(data: bytes, edits: Sequence[ScalarEdit], *, file: str) -> tuple[bytes, tuple[Edit, ...]]:
    """Put each string where its pointer says; every other byte stays (row R2, attack case 52).

    A value keeps its quotes; one that would be a number, date, boolean or null without quotes gets them.
    Returns the new bytes and the edits in the order of the file; `(data, ())` when all stands there
    already. Raises BumpRefused, with nothing changed.
    """
    parsed = parse(data, file=file)
    splices, values = plan_scalars(parsed, [_target(parsed, edit) for edit in edits])
    if not splices:
        return data, ()
    return carry_out(parsed, Plan(splices=splices, values=values, added={}))


def _target(parsed: Parsed, edit: ScalarEdit) -> Target:
    tokens = pointer_tokens(edit.pointer)
    if tokens is None:
        message = f"{edit.pointer!r} is not a JSON Pointer; write it like /image/tag (~1 for /, ~0 for ~)"
        raise BumpRefused(file=parsed.file, line=None, message=message)
    if any("\ud800" <= c <= "\udfff" for c in edit.value):
        message = f"the value for {edit.pointer} is not valid Unicode; correct it"
        raise BumpRefused(file=parsed.file, line=None, message=message)
    found = find(parsed, tokens, edit.document)
    if isinstance(found, Missing):
        raise parsed.refuse(found.position, found.message)
    document, node = found
    return Target(document=document, tokens=tokens, node=node, value=edit.value)
