"""Which merged promotion is undone: the one that was named, or the newest that still stands."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide.rollback.facts import Refused, RollbackFacts
from bot.model.release import Promotion, PromotionKind
from bot.model.rollback import LANDED, RollbackState


def chosen(facts: RollbackFacts) -> Promotion | Refused:
    """The promotion to undo, or why there is none. A rollback is never undone: it was no step forward.

    Of a promotion that moved several components some may have gone back before: the others may still.
    """
    ask, name = facts.record.ask, facts.environment.name
    if ask.undoes is not None:
        named = next((each for each in facts.landed if each.pull_number == ask.undoes), None)
        if named is None:
            return Refused(code="no_target", why=f"#{ask.undoes} was not merged into {name} by Lockstep.")
        if named.kind is PromotionKind.ROLLBACK:
            why = f"#{ask.undoes} is itself a rollback. To go back further, name where to: `to:<tag or digest>`."
            return Refused(code="rollback_of_rollback", why=why)
        asked, gone = _asked(facts, named), undone(facts, named)
        if left(facts, named) or not asked:
            return named
        if ask.to is None:
            numbers = ", ".join(f"#{each}" for each in sorted({gone[each] for each in asked}))
            return Refused(code="done_before", why=f"#{ask.undoes} was rolled back already by {numbers}.")
    for each in facts.landed:
        if each.kind.goes_forward and left(facts, each):
            return each
    what = f" of {', '.join(ask.components)}" if ask.components else ""
    return Refused(code="no_target", why=f"No promotion{what} into {name} is on record that could be undone.")


def undone(facts: RollbackFacts, bump: Promotion) -> Mapping[str, int]:
    """Component of a promotion to the merged rollback that took it back."""
    return {
        name: each.pull_number
        for each in reversed(facts.rollbacks)
        if each.state in LANDED and each.undoes == bump.pull_number and each.pull_number is not None
        for name in each.after
        if name in bump.components
    }


def left(facts: RollbackFacts, bump: Promotion) -> set[str]:
    """What is asked for of a promotion's components, and was not taken back before."""
    return _asked(facts, bump) - set(undone(facts, bump))


def _asked(facts: RollbackFacts, bump: Promotion) -> set[str]:
    asked = facts.record.ask.components
    return set(asked) & set(bump.components) if asked else set(bump.components)


def in_the_way(facts: RollbackFacts, bump: Promotion) -> Refused | None:
    """Another rollback of the same components: open, or so fresh that a second one would go one release too far.

    A person who names where to go may do so at any time (no ping-pong: row B3).
    """
    ask, rules = facts.record.ask, facts.environment.rollback
    components = left(facts, bump) or set(ask.components or bump.components)
    for each in facts.rollbacks:
        if each.id == facts.record.id or not components & set(each.after):
            continue
        if each.state is RollbackState.OPEN:
            other = ". Close it to ask for another one." if ask.to is not None else ""
            return Refused(
                code="open_already", why=f"#{each.pull_number} is open already: {each.answer}{other}"
            )
        since = each.merged_at or each.opened_at
        fresh = since is not None and facts.now - since < rules.cooldown
        if each.state in LANDED and fresh and ask.to is None:
            why = (
                f"#{each.pull_number} has just rolled {', '.join(sorted(each.after))} back; another rollback may "
                f"follow {rules.cooldown.total_seconds():.0f} s after it, or at once with `to:<tag or digest>`."
            )
            return Refused(code="cooldown", why=why)
    return None
