"""The debt gate: the hotfixes that run in the target environment, and whether what is promoted contains them (B5)."""

from __future__ import annotations

from bot.decide.gates import Gated
from bot.decide.gates import debt as debt_gate
from bot.model.hotfix import Debt
from bot.run.compared import compared
from bot.run.gates.question import Question
from bot.run.gates.source import bringing, named_now


def owes(question: Question) -> bool:
    """Whether the environment owes anything for what is moved: only then is the gate asked."""
    return bool(_debts(question))


def debt(question: Question) -> Gated:
    """Each debt, held against the commit that its component would run: one request a pair of commits."""
    return debt_gate.debt([_owed(question, each) for each in _debts(question)])


def _debts(question: Question) -> tuple[Debt, ...]:
    promotion = question.promotion
    if not promotion.kind.goes_forward:
        return ()
    return question.once(
        "debts",
        lambda: tuple(
            each
            for each in question.house.store.debts.active(promotion.config_repository_id)
            if each.environment == question.environment.name and each.component in promotion.components
        ),
    )


def _owed(question: Question, each: Debt) -> debt_gate.Owed:
    release = bringing(question, each.component)
    repository, name = release.source_repository_id, named_now(question, release)
    base, head = each.fix_sha, release.head_sha
    found = question.once(
        ("compare", repository, base, head),
        lambda: compared(question.house, question.github, repository, name, base, head, question.now),
    )
    return debt_gate.Owed(debt=each, head=head, compared=found)
