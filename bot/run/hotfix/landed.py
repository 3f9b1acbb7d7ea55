"""After a merge: what the environment owes for a hotfix, who is told, and which debts have ended (rows R7, B5)."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide import story
from bot.decide.hotfix import postmortem
from bot.model.facts import PullState
from bot.model.hotfix import Debt, Hotfix
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.release import Promotion, PromotionKind
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.run import evidence, issues
from bot.run.acts import Cause, carry_out
from bot.run.hotfix.ending import flowed_back, rolled_back
from bot.run.hotfix.lane import wake_rivals
from bot.run.hotfix.writing_up import write_up
from bot.run.house import House, note, whole


def landed(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: PullSnapshot,
    policy: Policy | None,
    promotion: Promotion,
) -> None:
    """Its pull request was merged or closed. Asking again is quiet, and mends what a crash left out."""
    wake_rivals(house, subject, promotion)
    if snapshot.pull.state is not PullState.MERGED:
        return
    if promotion.kind is PromotionKind.HOTFIX:
        _arrived(house, subject, snapshot, promotion)
    elif promotion.kind is PromotionKind.PROMOTION:
        flowed_back(house, subject, github, snapshot, policy, promotion)
    elif promotion.kind is PromotionKind.ROLLBACK:
        rolled_back(house, subject, snapshot, promotion)


def _arrived(house: House, subject: Subject, snapshot: PullSnapshot, promotion: Promotion) -> None:
    """Its debts are on record, and it is written up; on the pull request stands where."""
    lines = []
    for each in house.store.hotfixes.by_release(promotion.config_repository_id, promotion.release_ids):
        debts = _owed(house, subject, snapshot, promotion, each)
        number = write_up(house, subject, snapshot.repository, each)
        if number is not None:
            lines.append(postmortem.merged(each, promotion.environment, number))
        for debt in debts[:1]:
            # The first environment opened the issue; looked at again, it tells nothing of its own.
            if house.store.debts.of(each.id)[0].environment != debt.environment:
                why = f"it has come to {debt.environment}"
                issues.tell(
                    house,
                    subject,
                    snapshot.repository,
                    postmortem.key(each.id),
                    postmortem.reached(debt),
                    why,
                )
    telling = story.told(snapshot.pull, snapshot.comments, lines, "a hotfix tells its postmortem")
    carry_out(house, Cause(subject=subject), snapshot.repository, telling)


def _owed(
    house: House, subject: Subject, snapshot: PullSnapshot, promotion: Promotion, hotfix: Hotfix
) -> list[Debt]:
    """What the merge owes for a hotfix, a component each, on record; the ledger's row first."""
    number = promotion.pull_number
    before = {each.component for each in house.store.debts.of(hotfix.id) if each.pull_number == number}
    gates = _skipped(house, snapshot)
    debts = [
        Debt(
            config_repository_id=promotion.config_repository_id,
            environment=promotion.environment,
            component=name,
            tag=tag,
            hotfix_id=hotfix.id,
            source=promotion.source,
            fix_sha=hotfix.fix_sha,
            pull_number=number,
            gates=gates,
            since=snapshot.pull.merged_at or house.clock(),
        )
        for name, tag in sorted(promotion.components.items())
        if name in hotfix.components and hotfix.components[name].digest == tag.digest
    ]
    for debt in debts:
        if debt.component not in before:
            _incur(house, subject, debt)
    return debts


@whole
def _incur(house: House, subject: Subject, debt: Debt) -> None:
    skipped = f"; skipped: {', '.join(sorted(debt.gates))}" if debt.gates else ""
    why = f"{debt.environment} owes the fix {debt.fix_sha[:7]} of {debt.component} until it has flowed back{skipped}"
    note(
        house, subject, "debt_incurred", "done", why,
        pull_number=debt.pull_number,
        details={
            "environment": debt.environment, "component": debt.component, "tag": debt.tag.tag,
            "digest": debt.tag.digest, "fix": debt.fix_sha, "gates": dict(debt.gates),
        },
    )  # fmt: skip
    house.store.debts.owe(debt)


def _skipped(house: House, snapshot: PullSnapshot) -> Mapping[str, str]:
    """The gates that did not hold it, with what they said, as it was judged before the merge."""
    judged = evidence.judged_last(house, snapshot)
    found = (judged.content.get("hotfix") or {}) if judged else {}
    return {str(each["gate"]): str(each["says"]) for each in found.get("skipped_gates", ())}
