"""A debt in one sentence, for `/status`, the board and the terminal (row B5)."""

from __future__ import annotations

from bot.decide.text import code
from bot.model.hotfix import Debt


def says(debt: Debt) -> str:
    """`staging owes api the hotfix abc1234 of #12; skipped: coverage`, as Markdown."""
    gates = ", ".join(code(each) for each in sorted(debt.gates))
    skipped = f"; skipped: {gates}" if gates else ""
    return (
        f"{code(debt.environment)} owes {debt.component} the hotfix {debt.fix_sha[:7]} of #{debt.pull_number}, until "
        f"an ordinary promotion contains it{skipped}"
    )
