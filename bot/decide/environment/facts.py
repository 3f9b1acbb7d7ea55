"""What the decision about an environment rests on, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.decide import names
from bot.decide.targets import Targets
from bot.model.action import Action
from bot.model.facts import Unknown
from bot.model.holds import Hold
from bot.model.hotfix import Hotfix
from bot.model.policy import Environment, Policy, Source
from bot.model.release import Promotion, PromotionKind, Release, Request
from bot.model.rollback import Veto
from bot.model.snapshot import EnvironmentSnapshot, History


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFacts:
    """All that the decision rests on."""

    policy: Policy
    environment: Environment
    source: Source
    snapshot: EnvironmentSnapshot
    bot_id: int
    pending: tuple[Release, ...]
    """At the entrance: accepted releases that have neither arrived nor been declined; with a request, all recent."""
    known: Mapping[str, Release]
    """Digest to the newest accepted release that brought it."""
    record: Promotion | None
    """The open promotion from this source as recorded."""
    declined: Promotion | None
    """The last one that a person closed without merging."""
    earlier: tuple[Promotion, ...] = ()
    """The promotions that have ended, newest first: whose leftover a branch without a pull request may be."""
    requests: tuple[Request, ...]
    hold: Hold | None = None
    """The hold that keeps the environment where it is: nothing new is proposed for it unless somebody asks."""
    vetoes: tuple[Veto, ...] = ()
    """Digests that were rolled back and stay out until a person lets them go (row B3)."""
    history: History | Unknown
    kind: PromotionKind = PromotionKind.PROMOTION
    """Promotion or hotfix: which of the environment's two ways this is about."""
    hotfixes: tuple[Hotfix, ...] = ()
    """On a hotfix's way: the releases of the source that count as hotfixes, the last declared first."""
    rivals: Mapping[str, int] = field(default_factory=dict)
    """Component to the open pull request that brings it here by the other way."""
    web_url: str
    """GitHub's web address, such as `https://github.com`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentDecision:
    """What to do on GitHub, and what it means in words."""

    headline: str
    """One sentence: the answer to whoever asked, and the ledger's reason."""
    refused: bool = False
    """Something kept Lockstep from proposing what it should have proposed."""
    actions: tuple[Action, ...] = ()
    vetoed: Mapping[str, str] = field(default_factory=dict)
    """Component to why a veto keeps what is offered of it out, whatever else is decided (attack case 87)."""
    targets: Targets = field(default_factory=lambda: Targets(targets={}, left_out={}))
    scope: tuple[str, ...] = ()
    """The components that a pull request is about, sorted: those in `targets`, and those that need not move now."""
    adopts: str | None = None
    """The head commit of an open pull request that is ours, although the record does not say so (after a crash)."""


def branch_of(facts: EnvironmentFacts) -> str:
    """The branch of this way: the same each time."""
    if facts.kind is PromotionKind.HOTFIX:
        return names.hotfix_branch(facts.environment.name, facts.source.name)
    return names.branch_name(facts.environment.name, facts.source.name)
