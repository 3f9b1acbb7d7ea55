"""Exceptions that people made, as they are on record: overrides of gates, and holds (row B2)."""

from __future__ import annotations

from dataclasses import replace

from bot.decide.pull import PullDecision, PullFacts
from bot.model.holds import Hold
from bot.model.policy import Environment
from bot.model.ports_store import wake
from bot.model.release import PromotionKind
from bot.model.subject import Subject
from bot.run.house import House, note_news


def read(house: House, facts: PullFacts, into: Environment) -> PullFacts:
    """The facts with every override ever granted on the pull request, and the holds that are in force for it."""
    repository, number = facts.snapshot.repository.id, facts.snapshot.pull.number
    return replace(
        facts,
        judged_at=house.clock(),
        overrides=house.store.overrides.of(repository, number),
        holds=tuple(
            each
            for each in house.store.holds.active(repository)
            if each.pull == number or (each.environment == into.name and not _let_through(facts, each))
        ),
        vetoes=house.store.vetoes.active(repository),
    )


def _let_through(facts: PullFacts, hold: Hold) -> bool:
    """A rollback passes the hold that a rollback placed; a person's hold holds it too."""
    goes_back = facts.promotion is not None and facts.promotion.kind is PromotionKind.ROLLBACK
    return goes_back and hold.by.id == facts.bot_id


def remember(house: House, subject: Subject, facts: PullFacts, decision: PullDecision) -> None:
    """An override that ran out is told once in the ledger; one that counts wakes the subject when it ends."""
    pull = facts.snapshot.pull
    applied = decision.applied
    if applied is None:
        return
    for each in applied.expired:
        why = f"the override of {each.gate} by {each.by.login} ran out"
        key = f"override of {each.gate} {each.given_at.isoformat()}"
        note_news(
            house, subject, "override_expired", "done", why,
            about=key, pull_number=pull.number, head_sha=pull.head_sha, details={"gate": each.gate},
        )  # fmt: skip
    if applied.next_change is not None:
        wake(house.store, subject, applied.next_change)
