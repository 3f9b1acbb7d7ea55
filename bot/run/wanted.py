"""What somebody wants promoted, in the words of the command line or a dispatch, held against the rules."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.decide.bundle_promotion import SOURCE
from bot.decide.text import code, truncate, visible
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
        raise UserError(strange(wanted.into, "an environment", policy, environments))
    sources = [each.name for each in policy.sources]
    before = [into.comes_from] if into.comes_from else sources
    if wanted.comes_from is not None and wanted.comes_from not in before:
        raise UserError(
            f"{into.name} takes releases from {' or '.join(before)}, not from {_quoted(wanted.comes_from)} "
            f"({policy.path})."
        )
    if wanted.source is not None and wanted.source not in sources:
        raise UserError(strange(wanted.source, "a source", policy, sources))
    unknown = unknown_component(policy, wanted.components)
    if unknown is not None:
        raise UserError(strange(unknown, "a component", policy, sorted(policy.component_names)))
    meant = policy.source(wanted.source) if wanted.source is not None else None
    other = next((each for each in wanted.components if meant and each not in meant.components), None)
    if other is not None and meant is not None:
        raise UserError(f"{_quoted(other)} is not a component of the source {meant.name} ({policy.path}).")
    return into


def unknown_component(policy: Policy, words: Iterable[str]) -> str | None:
    """The first of the words that nothing can be promoted by."""
    known = promotable(policy)
    return next((each for each in words if each not in known), None)


def promotable(policy: Policy) -> tuple[str, ...]:
    """What can be asked for: the components of all sources, and `alerts` where the rules name alert bundles."""
    bundles = policy.alerts is not None and policy.alerts.bundles
    return tuple(sorted({*policy.component_names, *((SOURCE,) if bundles else ())}))


def strange(word: str, kind: str, policy: Policy, known: Collection[str]) -> str:
    """What to say of a word that the rules do not know: what there is, and the nearest. Safe to show on GitHub."""
    near = difflib.get_close_matches(word, known, n=1)
    hint = f" Did you mean {code(near[0])}?" if near else ""
    return f"{_quoted(word)} is not {kind} of {policy.path}; there are {', '.join(known)}.{hint}"


def _quoted(word: str) -> str:
    return code(truncate(visible(word), _LONGEST, "…"))
