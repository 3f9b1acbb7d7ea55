"""Ledger rows about what a pull request waits for, each once for a content: people are told from them."""

from __future__ import annotations

from bot.decide.notify.pulls import awaits_people, held_by_gates
from bot.decide.pull import PullDecision, PullFacts
from bot.model.subject import Subject
from bot.run.house import House, is_news, note, whole


@whole
def remember_waits(house: House, subject: Subject, facts: PullFacts, decision: PullDecision) -> None:
    """Writes down that gates fail, and that approvals are all that is missing."""
    promotion, pull = facts.promotion, facts.snapshot.pull
    if promotion is None:
        return
    gates, people = held_by_gates(decision, promotion), awaits_people(decision, promotion)
    if gates is None:
        is_news(house, subject, "gates held", "")
    for about, wait in (("gates held", gates), ("approval required", people)):
        if wait is not None and is_news(house, subject, about, wait.news):
            note(
                house, subject, wait.event, wait.decision, wait.reason,
                pull_number=pull.number, head_sha=pull.head_sha, details=wait.details,
            )  # fmt: skip
