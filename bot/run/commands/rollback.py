"""`/rollback [component…] [to:…] reason: …`: put on record, and answered by the environment's look (row R6)."""

from __future__ import annotations

import difflib

from bot.decide import commands as grammar
from bot.decide.text import code
from bot.model.policy import Policy
from bot.model.release import PromotionKind, PromotionState
from bot.model.rollback import RollbackAsk
from bot.run.commands.asked import Answer, Asked
from bot.run.rollback import ask

BROKEN = "The rules file of the default branch is invalid; mend it first. See the check run `/ config`."


def rollback(asked: Asked) -> Answer:
    """One wish for each source that the named components come from."""
    look, command = asked.look, asked.command
    if not isinstance(command, grammar.Rollback):
        raise TypeError(f"{command.name} is no /rollback")
    policy, promotion = look.policy, look.promotion
    if policy is None:
        return BROKEN
    if promotion is None or policy.environment(promotion.environment) is None:
        return "Say `/rollback` on a pull request of Lockstep's: the environment that it is for is the one to go back."
    strange = unknown_component(policy, command.components)
    if strange is not None:
        return strange
    merged = promotion.kind is PromotionKind.PROMOTION and promotion.state is PromotionState.MERGED
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
            asked_at=look.house.clock(),
        )
        ask(look.house, wish, delivery_id=asked.delivery_id)
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
    known = sorted({each for source in policy.sources for each in source.components})
    strange = next((each for each in components if each not in known), None)
    if strange is None:
        return None
    near = difflib.get_close_matches(strange, known, n=1)
    hint = f" Did you mean {code(near[0])}?" if near else ""
    return f"{code(strange)} is not a component of {policy.path}.{hint}"
