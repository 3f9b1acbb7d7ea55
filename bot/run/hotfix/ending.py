"""How a debt ends: the fix has flowed back, somebody let a promotion pass without it, or it was rolled back (B5)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide import story
from bot.decide.gates.debt import contains
from bot.decide.hotfix import postmortem
from bot.model.facts import Unknown
from bot.model.hotfix import Debt, DebtEnd
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.release import Promotion, Release
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.run import evidence, issues
from bot.run.acts import Cause, carry_out
from bot.run.compared import compared
from bot.run.gates.question import release_of
from bot.run.hotfix.writing_up import write_up
from bot.run.house import House, note
from bot.run.identity import app_of

_End = tuple[Debt, DebtEnd, str]
"""A debt, how it ends, and the reason in words."""


def flowed_back(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: PullSnapshot,
    policy: Policy | None,
    promotion: Promotion,
) -> None:
    """An ordinary promotion was merged: debts of its components end when it contains the fix, or when the gate was
    overridden for it. Whatever else was merged, by whomever, leaves them in force."""
    waived = _waived(house, snapshot)
    ends: list[_End] = []
    for debt in _debts(house, promotion):
        if _contained(house, subject, github, policy, promotion, debt):
            why = f"{promotion.components[debt.component].tag} contains {debt.fix_sha[:7]}"
            ends.append((debt, DebtEnd.FLOWED_BACK, why))
        elif waived is not None:
            ends.append((debt, DebtEnd.WAIVED, waived))
    _settle(house, subject, snapshot, ends, told_there=True)


def rolled_back(house: House, subject: Subject, snapshot: PullSnapshot, promotion: Promotion) -> None:
    """A rollback was merged: what it took back is not owed there any more; its veto keeps it away."""
    record = house.store.rollbacks.by_pull(promotion.config_repository_id, promotion.pull_number)
    before = record.before if record else {}
    why = record.ask.reason if record else ""
    ends = [
        (debt, DebtEnd.ROLLED_BACK, why)
        for debt in _debts(house, promotion)
        if debt.component in before and before[debt.component].digest == debt.tag.digest
    ]
    # The rollback tells its own story on its pull request in this look; this belongs to the postmortem's issue.
    _settle(house, subject, snapshot, ends, told_there=False)


def _debts(house: House, promotion: Promotion) -> list[Debt]:
    return [
        each
        for each in house.store.debts.active(promotion.config_repository_id)
        if each.environment == promotion.environment and each.component in promotion.components
    ]


def _contained(
    house: House,
    subject: Subject,
    github: GitHub,
    policy: Policy | None,
    promotion: Promotion,
    debt: Debt,
) -> bool:
    """By Git's history, asked once more: a person may have merged what was not green."""
    source = policy.source(promotion.source) if policy else None
    app = app_of(house, subject.installation_id, promotion.config_repository_id, source) if source else None
    if app is None:
        return False
    found = (release_of(house, app.id, each) for each in promotion.release_ids)
    digest = promotion.components[debt.component].digest
    bringing = next(
        (each for each in found if each is not None and _brings(each, debt.component, digest)), None
    )
    if bringing is None:
        return False
    relation = compared(house, github, app.id, app.full_name, debt.fix_sha, bringing.head_sha, house.clock())
    return not isinstance(relation, Unknown) and contains(relation)


def _brings(release: Release, component: str, digest: str) -> bool:
    tag = release.components.get(component)
    return tag is not None and tag.digest == digest


def _waived(house: House, snapshot: PullSnapshot) -> str | None:
    """Who let it pass without the fix, and why, as the merge rested on it."""
    judged = evidence.judged_last(house, snapshot)
    if judged is None or judged.head_sha != snapshot.pull.head_sha:
        return None
    found = next((each for each in judged.content["overrides"] if each["gate"] == "debt"), None)
    return f"{found['by']['login']}: {found['reason']}" if found else None


def _settle(
    house: House, subject: Subject, snapshot: PullSnapshot, ends: Sequence[_End], *, told_there: bool
) -> None:
    """Each end in the ledger, on the pull request that brought it and on the postmortem's issue; on record after
    that, so that the next look does what a crash left out."""
    number = snapshot.pull.number
    said = {postmortem.ended(debt, end, why, number): debt for debt, end, why in ends}
    for debt, end, because in ends:
        note(
            house, subject, "debt_released", "done", f"{debt.component} in {debt.environment}, {end.value}: {because}",
            pull_number=number,
            details={
                "environment": debt.environment, "component": debt.component, "how": end.value, "fix": debt.fix_sha,
                "hotfix": debt.pull_number, "gates": sorted(debt.gates),
            },
            once=f"debt_released {debt.hotfix_id} {debt.pull_number} {debt.component} by {number}",
        )  # fmt: skip
    if told_there:
        telling = story.told(snapshot.pull, snapshot.comments, list(said), "a hotfix's debt has ended")
        carry_out(house, Cause(subject=subject), snapshot.repository, telling)
    for line, debt in said.items():
        key = postmortem.key(debt.hotfix_id)
        issues.tell(house, subject, snapshot.repository, key, line, "the hotfix's debt has ended")
    for debt, end, because in ends:
        house.store.debts.release(debt, end, because, number, house.clock())
        hotfix = house.store.hotfixes.find(debt.hotfix_id)
        if hotfix is not None:
            write_up(house, subject, snapshot.repository, hotfix)
