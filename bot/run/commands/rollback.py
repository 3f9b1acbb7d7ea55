"""`/rollback [component…] [to:…] reason: …`: put on record, and answered by the environment's look (row R6)."""

from __future__ import annotations

from bot.decide import commands as grammar
from bot.model.policy import Policy
from bot.model.release import PromotionState
from bot.model.rollback import RollbackAsk
from bot.run.commands.asked import RULES_INVALID, Answer, Asked
from bot.run.rollback import ask
from bot.run.wanted import strange


def rollback(asked: Asked[grammar.Rollback]) -> Answer:
    """One wish for each source that the named components come from."""
    look, command = asked.look, asked.command
    policy, promotion = look.policy, look.promotion
    if policy is None:
        return RULES_INVALID
    if promotion is None or policy.environment(promotion.environment) is None:
        return "Say `/rollback` on a pull request of Lockstep's: the environment that it is for is the one to go back."
    unknown = unknown_component(policy, command.components)
    if unknown is not None:
        return unknown
    merged = promotion.kind.goes_forward and promotion.state is PromotionState.MERGED
    for source, components in by_source(policy, command.components):
        wish = RollbackAsk(
            installation_id=look.subject.installation_id,
            config_repository_id=look.snapshot.repository.id,
            environment=promotion.environment,
            key=f"comment:{asked.source_id}:{command.line}:{source}",
            trigger="person",
            components=components,
            to=command.to,
            undoes=promotion.pull_number if merged and source in ("", promotion.source) else None,
            reason=command.reason,
            by=asked.by,
            asked_on=look.snapshot.pull.number,
            comment_id=asked.source_id,
            delivery_id=asked.delivery_id,
            head_sha=look.snapshot.pull.head_sha,
            asked_at=look.house.clock(),
        )
        ask(look.house, wish)
    return None


def by_source(policy: Policy, components: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """The components of each source that has any of them; without components one wish, for whatever is undone."""
    if not components:
        return [("", ())]
    found = [
        (source.name, tuple(each for each in components if each in source.components))
        for source in policy.sources
    ]
    return [(name, those) for name, those in found if those]


def unknown_component(policy: Policy, components: tuple[str, ...]) -> str | None:
    """A sentence about the first word that is no component, with the nearest one."""
    known = sorted(policy.component_names)
    word = next((each for each in components if each not in known), None)
    return None if word is None else strange(word, "a component", policy, known)
