"""The sentences about approvals that people read. Logins stand without `@`, so that nobody is paged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.decide.approvals.owners import OwnersMissing
from bot.decide.approvals.seats import ADMIN, ANYBODY, Missing
from bot.decide.text import code
from bot.model.approval_facts import RequiredOwners, UnresolvedOwners
from bot.model.facts import Actor

MOST_NAMES = 8
"""So that the sentence stays one."""


def waits_for(missing: Iterable[Missing], owners: Iterable[OwnersMissing]) -> str:
    """`Waits for: 1 of sre (ana, ben may), 1 of qa (cho may)`."""
    parts = [_seats(each) for each in missing] + [_owners(each) for each in owners]
    return "Waits for: " + ", ".join(parts)


def owners_unresolved(required: RequiredOwners, faults: Sequence[UnresolvedOwners]) -> str:
    """`owners unresolved: line 7 of .github/CODEOWNERS, for helm/values.yaml: …` (attack case 44)."""
    first = faults[0]
    line = f"line {first.line} of {required.file}" if first.line is not None else required.file
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"owners unresolved: {line}, for {code(first.path)}: {first.why}{more}"


def names(found: Sequence[str]) -> str:
    """At most `MOST_NAMES` of them, then how many more."""
    shown = ", ".join(found[:MOST_NAMES])
    return shown if len(found) <= MOST_NAMES else f"{shown} and {len(found) - MOST_NAMES} more"


def _seats(missing: Missing) -> str:
    what = f"{missing.count} {'with' if missing.role in (ADMIN, ANYBODY) else 'of'} {missing.role}"
    if missing.may:
        return f"{what} ({names(missing.may)} may)"
    if missing.members:
        return f"{what} (members of {names(missing.members)} may)"
    return what


def _owners(missing: OwnersMissing) -> str:
    paths = missing.paths
    where = code(paths[0]) + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
    who = (*missing.owners.users, *missing.owners.teams)
    may = names(missing.may) if missing.may else names(who)
    return f"an owner of {where} ({may} may)"


def objection(actor: Actor) -> str:
    """Whose request for changes holds it, and how to go on."""
    return f"{actor.login} requests changes: {actor.login} approves, or the review is dismissed, before this goes on"


def tampering(author: Actor, editor: Actor) -> str:
    """Whose words were changed by whom (attack case 64)."""
    return f"{editor.login} edited {author.login}'s `/approve`: {author.login} gives it again, or cancels it"
