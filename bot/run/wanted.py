"""What somebody wants promoted, in the words of the command line or a dispatch, held against the rules."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass

from bot.decide.text import truncate, visible
from bot.errors import UserError
from bot.model.facts import Actor
from bot.model.policy import Environment, Policy
from bot.run.where import Place

NOBODY = Actor(id=0, login="lockstep")
"""Who asks when nobody says."""
_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks about."""

    place: Place
    into: str
    comes_from: str | None = None
    """The environment (or, where releases enter, the source) that the caller believes it comes from."""
    source: str | None = None
    components: tuple[str, ...] = ()
    asker: Actor = NOBODY


def destination(policy: Policy, wanted: Wanted) -> Environment:
    """The environment that is meant. Raises UserError that lists what there is, when a name is not in the rules."""
    environments = [each.name for each in policy.environments]
    into = policy.environment(wanted.into)
    if into is None:
        raise _strange(wanted.into, "an environment", policy, environments)
    sources = [each.name for each in policy.sources]
    before = [into.comes_from] if into.comes_from else sources
    if wanted.comes_from is not None and wanted.comes_from not in before:
        raise UserError(
            f"{into.name} takes releases from {' or '.join(before)}, not from {_short(wanted.comes_from)} "
            f"({policy.path})."
        )
    if wanted.source is not None and wanted.source not in sources:
        raise _strange(wanted.source, "a source", policy, sources)
    known = {component for source in policy.sources for component in source.components}
    strange = next((each for each in wanted.components if each not in known), None)
    if strange is not None:
        raise _strange(strange, "a component", policy, sorted(known))
    meant = policy.source(wanted.source) if wanted.source is not None else None
    other = next((each for each in wanted.components if meant and each not in meant.components), None)
    if other is not None and meant is not None:
        raise UserError(f"{other} is not a component of the source {meant.name} ({policy.path}).")
    return into


def _strange(word: str, kind: str, policy: Policy, known: Collection[str]) -> UserError:
    near = difflib.get_close_matches(word, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return UserError(f"{_short(word)} is not {kind} of {policy.path}; there are {', '.join(known)}.{hint}")


def _short(word: str) -> str:
    return truncate(visible(word), _LONGEST, "…")
