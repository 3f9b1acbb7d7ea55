"""The debt gate: nothing of a component goes where its hotfix runs, unless it contains the fix (row B5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.decide.gates import Gated
from bot.decide.gates.measuring import Finding, gated, unread
from bot.model.facts import Unknown
from bot.model.hotfix import Debt
from bot.model.measurements import Compared, Relation
from bot.model.verdict import Evidence, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A debt of the target environment, and how the promoted commit relates to its fix."""

    debt: Debt
    head: str
    compared: Compared | Unknown


def contains(found: Compared | Unknown) -> bool:
    """Whether the fix is an ancestor of what is promoted, or the same commit."""
    return not isinstance(found, Unknown) and found.relation in (Relation.SAME, Relation.AHEAD)


def debt(owed: Sequence[Owed]) -> Gated:
    """Passes when every fix has flowed back; a history that cannot be read is unknown, and blocks."""
    return gated(
        "debt", [_finding(each) for each in owed], passing="Every hotfix that runs there has flowed back"
    )


def _finding(owed: Owed) -> Finding:
    debt, fix, head = owed.debt, owed.debt.fix_sha[:7], owed.head[:7]
    if isinstance(owed.compared, Unknown):
        return unread(f"{debt.component}: whether {head} contains the hotfix {fix}", owed.compared)
    there = contains(owed.compared)
    evidence = Evidence(
        measured=f"{head} {'contains' if there else 'lacks'} {fix}",
        needed=f"contains {fix}, the hotfix of #{debt.pull_number}",
        source="commits on GitHub",
        url=owed.compared.url,
        at=owed.compared.at,
    )
    if there:
        return Finding(
            outcome=Outcome.PASS, says=f"{debt.component}: {head} contains {fix}", evidence=(evidence,)
        )
    skipped = f" (#{debt.pull_number} skipped {', '.join(sorted(debt.gates))})" if debt.gates else ""
    says = (
        f"{debt.component}: {head} lacks the hotfix {fix} that runs in {debt.environment} since #{debt.pull_number}"
        f"{skipped}; merge {fix} into its branch and build again, or say why it may go without, such as that it came "
        "back as another commit (squash, rebase, cherry-pick): `/override debt reason: <words>`"
    )
    return Finding(outcome=Outcome.BLOCK, says=says, evidence=(evidence,))
