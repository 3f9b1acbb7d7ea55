"""Whose is this branch, and what does it hold? Lockstep touches only what it knows to be its own (case 78)."""

from __future__ import annotations

from bot.decide.content import Content
from bot.decide.environment.facts import EnvironmentFacts, branch_of
from bot.model.facts import Pull, RepositoryFile
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
    there = facts.snapshot.branch_files.get(branch_of(facts), {})
    for values in facts.environment.values:
        base = facts.snapshot.files.get(values.file)
        expected = content.files.get(values.file)
        if expected is None and isinstance(base, RepositoryFile):
            expected = base.data
        found = there.get(values.file)
        if not isinstance(found, RepositoryFile) or found.data != expected:
            return False
    return True


def ours_before(facts: EnvironmentFacts, branch: Branch) -> bool:
    """Whether the branch is left over from an earlier promotion of ours, closed or merged."""
    return any(
        promotion is not None and promotion.branch == branch.name and promotion.head_sha == branch.head.sha
        for promotion in (facts.record, facts.declined, *facts.earlier)
    )


def written_by_us(facts: EnvironmentFacts, branch: Branch) -> bool:
    """Whether the branch's commit is ours by GitHub's own signature, though a crash kept it off the record (case 97).

    GitHub signs what an App writes through the API with that App as author; nobody else gets such a commit verified.
    """
    head = branch.head
    return (
        head.verified
        and len(head.parents) == 1
        and head.author is not None
        and head.author.id == facts.bot_id
    )
