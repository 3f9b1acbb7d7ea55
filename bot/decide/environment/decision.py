"""The decision itself: one environment, one source."""

from __future__ import annotations

from dataclasses import replace

from bot.decide.content import Problem, content_of
from bot.decide.environment.facts import EnvironmentDecision, EnvironmentFacts, branch_of
from bot.decide.environment.opening import without_pull
from bot.decide.environment.ownership import not_ours
from bot.decide.environment.renewing import pointless, with_pull
from bot.decide.environment.selection import moving, under_review, wanted
from bot.decide.environment.told import kept
from bot.decide.targets import Targets
from bot.model.release import PromotionKind


def decide_environment(facts: EnvironmentFacts) -> EnvironmentDecision:
    """The decision for one environment and source. A hotfix is opened in spite of a hold, to be read meanwhile."""
    targets = wanted(facts)
    if isinstance(targets, Problem):
        return EnvironmentDecision(headline=targets.message, refused=True)
    return replace(_decide(facts, targets), vetoed=targets.vetoed)


def _decide(facts: EnvironmentFacts, targets: Targets) -> EnvironmentDecision:
    pull = facts.snapshot.pulls.get(branch_of(facts))
    if pull is not None and (trouble := not_ours(facts, pull)):
        return EnvironmentDecision(headline=trouble, refused=True)
    held = under_review(facts, pull)
    content = content_of(facts.environment, (held or targets).images, facts.snapshot.files)
    if isinstance(content, Problem):
        return EnvironmentDecision(headline=content.message, refused=True)
    if (
        pull is None
        and facts.hold is not None
        and not facts.requests
        and facts.kind is PromotionKind.PROMOTION
    ):
        return EnvironmentDecision(headline=kept(facts.hold))
    scope = tuple(sorted({*targets.targets, *(held.targets if held else ())}))
    if pull is None:
        return replace(without_pull(facts, targets, content), scope=scope)
    if not content.files:
        return pointless(facts, pull, held or targets)
    newest = moving(facts, targets)
    return replace(
        with_pull(facts, pull, moving(facts, held) if held else newest, newest, content), scope=scope
    )
