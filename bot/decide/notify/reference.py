"""The README's table of events: what each means, how grave it is, and the ledger rows that it is made from."""

from __future__ import annotations

from bot.decide.notify.told import TOLD
from bot.model.tidings import EVENTS


def markdown() -> str:
    """The table, a row for each event that `notify` may name."""
    rows = ["| event | means | severity | made from (`lockstep ledger`) |", "|---|---|---|---|"]
    for event, meaning in EVENTS.items():
        sayings = {key: each for key, each in TOLD.items() if each.event == event}
        grades = sorted({each.severity for each in sayings.values()}, key=lambda each: each.rank)
        shown = ", ".join(each.value for each in grades) or "warning"
        if any(each.fails for each in sayings.values()):
            shown += "; critical in production"
        made = ", ".join(f"`{name}` {decision}" for name, decision in sorted(sayings))
        rows.append(f"| `{event}` | {meaning} | {shown} | {made or '–'} |")
    return "\n".join(rows) + "\n"
