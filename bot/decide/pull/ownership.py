"""Is this promotion ours? Only by marks that cannot be imitated (attack case 78)."""

from __future__ import annotations

from datetime import timedelta

from bot.decide import names
from bot.decide.pull.facts import PullFacts
from bot.model.approval_facts import PullAt
from bot.model.policy import Environment
from bot.model.release import Promotion
from bot.model.snapshot import PullSnapshot
from bot.model.verdict import Outcome, Verdict

WRITING = timedelta(seconds=60)
"""Longer than writing a commit, opening its pull request and recording both takes, GitHub's pauses included."""


def environment_of(facts: PullFacts) -> Environment | None:
    """The environment that a promotion of ours goes to; None for everybody else's pull requests."""
    promotion, policy = facts.promotion, facts.policy
    pull = facts.snapshot.pull
    if promotion is None or policy is None:
        return None
    ours = (
        pull.author.id == facts.bot_id
        and pull.head_repository_id == facts.snapshot.repository.id
        and pull.head_ref == promotion.branch
        and pull.base_ref == facts.snapshot.repository.default_branch
    )
    return policy.environment(promotion.environment) if ours else None


def pull_at(snapshot: PullSnapshot, promotion: Promotion | None) -> PullAt | None:
    """What overrides and approvals of a promotion belong to; None for what is no promotion."""
    if promotion is None:
        return None
    return PullAt(
        repository_id=snapshot.repository.id,
        pull=snapshot.pull.number,
        base_ref=snapshot.pull.base_ref,
        head_sha=snapshot.pull.head_sha,
        environment=promotion.environment,
    )


def opened_by_us(snapshot: PullSnapshot, bot_id: int) -> bool:
    """Whether our App opened it from a branch of this repository that has a promotion's name.

    Enough to look for its record, never enough to merge it.
    """
    pull = snapshot.pull
    ours = pull.author.id == bot_id and pull.head_repository_id == snapshot.repository.id
    return ours and pull.head_ref.startswith(names.BRANCH_PREFIX) and pull.head_ref.count("/") >= 2


def being_written(snapshot: PullSnapshot, promotion: Promotion | None, bot_id: int) -> bool:
    """Whether the environment's look is probably still at it: a fresh commit of ours that is not on record yet.

    Its webhook overtakes the record easily. Judging it now would show a failure for a moment, and post the check runs
    that the environment's look is about to post.
    """
    head, on_record = snapshot.head, promotion.head_sha if promotion else None
    made_by_us = head.verified and head.author is not None and head.author.id == bot_id
    fresh = head.committed_at is not None and snapshot.taken_at - head.committed_at < WRITING
    return opened_by_us(snapshot, bot_id) and on_record != head.sha and made_by_us and fresh


def not_a_promotion(facts: PullFacts) -> Verdict:
    pull = facts.snapshot.pull
    if facts.promotion is None and opened_by_us(facts.snapshot, facts.bot_id):
        headline = "Lockstep opened this and is putting it on record"
        return Verdict(gate="promotion", outcome=Outcome.WAIT, headline=headline)
    labelled = {names.BUMP_LABEL, names.HOTFIX_LABEL} & set(pull.labels)
    imitates = pull.head_ref.startswith(names.BRANCH_PREFIX) or bool(labelled)
    if facts.promotion is not None or imitates:
        return Verdict(
            gate="promotion",
            outcome=Outcome.BLOCK,
            headline="This looks like a promotion, but Lockstep did not open it like this and will not merge it",
            reasons=(
                "A promotion is opened by Lockstep itself, from a branch of this repository, to its default branch.",
            ),
        )
    return Verdict(gate="promotion", outcome=Outcome.SKIP, headline="Not a promotion; nothing to hold it for")
