"""After a pull request was merged, or closed without: on record once, cleaned up, and what is next is woken."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide import names
from bot.errors import InstallationGone, Moved, Stale, Terminal
from bot.model.action import DeleteBranch, Receipt
from bot.model.facts import PullState
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, PromotionState
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject, environment
from bot.run import alert_pulls, deploying, evidence, hotfix, rollback
from bot.run.acts import Cause, carry_out
from bot.run.house import House, Looked, is_news, note, whole


def ended(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: PullSnapshot,
    policy: Policy | None,
    promotion: Promotion | None,
    closing: rollback.Closing | None = None,
) -> Looked:
    """Asked at every look at what is not open any more; what was done before is not done again."""
    alert_pulls.ended(house, subject)
    if promotion is None:
        return _of_others(house, subject, snapshot)
    pull = snapshot.pull
    merged = pull.state is PullState.MERGED
    followed = f"followed:{snapshot.repository.id}:{pull.number}"
    if promotion.state is PromotionState.OPEN:
        house.store.marks.put(followed, None)
    if merged:
        evidence.keep(house, subject, snapshot, promotion, github.bot_id)
    if promotion.state is PromotionState.OPEN:
        _settled(house, subject, snapshot, promotion)
    _cleaned(house, subject, snapshot, promotion)
    if promotion.kind is PromotionKind.ROLLBACK:
        rollback.landed(house, subject, github, snapshot, promotion, closing)
    hotfix.landed(house, subject, github, snapshot, policy, promotion)
    if merged:
        deploying.merged(house, subject, promotion, policy, pull.merge_sha, pull.merged_at, pull.merged_by)
    else:
        deploying.closed(house, subject)
    following = [promotion.environment]
    if merged and policy is not None:
        following += [each.name for each in policy.after(promotion.environment)]
        following += [each.name for each in policy.hotfixes_after(promotion.environment)]
    told = [pull.state.value, pull.merge_sha, *dict.fromkeys(following)]
    if house.store.marks.get(followed) != told:
        # Once: each of its later looks, for every event that follows a merge, would wake them all again.
        for name in dict.fromkeys(following):
            wake(house.store, environment(subject.installation_id, snapshot.repository.id, name))
        house.store.marks.put(followed, told)
    trouble = evidence.put_note(house, subject, snapshot) if merged else None
    return Looked(outcome=f"{pull.state.value}; {trouble}" if trouble else pull.state.value)


@whole
def _of_others(house: House, subject: Subject, snapshot: PullSnapshot) -> Looked:
    why = f"the pull request is {snapshot.pull.state.value}, and no promotion"
    if is_news(house, subject, "ended", why):
        number, head = snapshot.pull.number, snapshot.pull.head_sha
        note(house, subject, "look", "skipped", why, pull_number=number, head_sha=head)
    return Looked(outcome=f"skipped: {why}")


def _settled(house: House, subject: Subject, snapshot: PullSnapshot, promotion: Promotion) -> None:
    """Puts the end on record, and that the branch is no longer needed."""
    pull, who = snapshot.pull, snapshot.pull.merged_by
    merged = pull.state is PullState.MERGED
    with house.store.together():
        note(
            house,
            subject,
            "promotion_merged" if merged else "promotion_closed",
            "done",
            pull.title,
            pull_number=pull.number,
            head_sha=pull.head_sha,
            actor_id=who.id if who else None,
            actor_login=who.login if who else None,
            details={
                "environment": promotion.environment,
                "merge_sha": pull.merge_sha or "",
                "kind": promotion.kind.value,
                "releases": list(promotion.release_ids),
                "seconds": int(((pull.merged_at or house.clock()) - promotion.opened_at).total_seconds()),
            },
            # Closed it may be opened again, and merged or closed once more.
            once=f"promotion_merged {snapshot.repository.id}#{pull.number}" if merged else None,
        )
        state = PromotionState.MERGED if merged else PromotionState.CLOSED
        # GitHub's moment of the merge: who looks late, after an outage, must neither change the order of merges nor
        # take an alert of meanwhile for older than what it is about.
        at = (pull.merged_at if merged else None) or house.clock()
        house.store.promotions.settled(snapshot.repository.id, pull.number, state, at)
        if pull.head_ref.startswith(names.BRANCH_PREFIX) and pull.head_sha == promotion.head_sha:
            house.store.marks.put(_needless(promotion), promotion.head_sha)


def _cleaned(house: House, subject: Subject, snapshot: PullSnapshot, promotion: Promotion) -> None:
    """Takes the branch away that is no longer needed, once; asked in each look, for a worker may have died before.

    One that was moved since, or that may not be deleted, stays: what follows from the end does not wait for it.
    """
    head_sha = house.store.marks.get(_needless(promotion))
    if not head_sha:
        return
    pull = snapshot.pull
    cleaning = DeleteBranch(
        because=f"#{pull.number} is {pull.state.value}", branch=promotion.branch, expected_head=head_sha
    )

    def keep(_: Sequence[Receipt]) -> None:
        house.store.marks.put(_needless(promotion), None)

    try:
        carry_out(house, Cause(subject=subject), snapshot.repository, [cleaning], keep)
    except (InstallationGone, Moved):
        raise
    except (Stale, Terminal):
        keep(())


def _needless(promotion: Promotion) -> str:
    """The mark that keeps the head of a branch that is to be deleted."""
    return f"needless branch:{promotion.config_repository_id}:{promotion.pull_number}"
