"""Whose is this branch, and what does it hold? Lockstep touches only what it knows to be its own (case 78)."""

from __future__ import annotations

from bot.decide import opening
from bot.decide.content import Content
from bot.decide.environment.facts import EnvironmentFacts, branch_of
from bot.model.facts import Pull
from bot.model.snapshot import Branch


def not_ours(facts: EnvironmentFacts, pull: Pull) -> str | None:
    """Why an open pull request of our branch name is not ours to touch (attack case 78)."""
    if pull.author.id != facts.bot_id:
        return (
            f"#{pull.number} uses the branch {pull.head_ref} but was opened by {pull.author.login}; close it and "
            "delete the branch, then Lockstep opens its own."
        )
    return None


def holds(facts: EnvironmentFacts, content: Content) -> bool:
    """Whether our branch holds exactly the wanted bytes in every values file of the environment."""
    paths = [values.file for values in facts.environment.values]
    return opening.holds(facts.snapshot, branch_of(facts), paths, content.files)


def ours_before(facts: EnvironmentFacts, branch: Branch) -> bool:
    """Whether the branch is left over from an earlier promotion of ours, closed or merged."""
    return any(
        promotion is not None and promotion.branch == branch.name and promotion.head_sha == branch.head.sha
        for promotion in (facts.record, facts.declined, *facts.earlier)
    )
