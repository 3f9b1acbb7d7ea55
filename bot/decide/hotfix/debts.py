"""A debt in one sentence and as JSON, for `/status`, the board, the safety status and the terminal (row B5)."""

from __future__ import annotations

from typing import Any

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


def shown(debt: Debt) -> dict[str, Any]:
    """`{environment, component, tag, digest, fix, pull, since, skipped: [{gate, says}]}`; `since` aware, ISO 8601."""
    return {
        "environment": debt.environment,
        "component": debt.component,
        "tag": debt.tag.tag,
        "digest": debt.tag.digest,
        "fix": debt.fix_sha,
        "pull": debt.pull_number,
        "since": debt.since.isoformat(timespec="seconds"),
        "skipped": [{"gate": gate, "says": said} for gate, said in sorted(debt.gates.items())],
    }
