"""Who was told what, for the board: the last messages of the channels, and how each channel does (row P10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.model.ledger import LedgerRow
from bot.model.tidings import ChannelState

EVENT = "told"
SHOWN = 6


class Notices(Protocol):
    """How the channels do."""

    def channels(self) -> Sequence[ChannelState]:
        """Every channel of every config repository."""


def told(rows: Sequence[LedgerRow], states: Sequence[ChannelState], now: datetime) -> dict[str, Any]:
    """`rows` are of the event `told`, oldest first; channels that lack their setting are left out."""
    messages = [
        {
            "at": row.entry.at.isoformat(timespec="seconds"),
            "seconds": max(int((now - row.entry.at) / timedelta(seconds=1)), 0),
            "channel": str(row.entry.details.get("channel") or "?"),
            "says": row.entry.reason,
            "tidings": int(row.entry.details.get("tidings") or 1),
            "taken": row.entry.decision == "done",
        }
        for row in reversed(rows)
    ]
    channels = [
        {
            "name": each.name,
            "kind": each.kind,
            "trouble": each.trouble,
            "waiting": each.waiting,
            "dropped": each.dropped,
            "mood": "bad" if each.trouble or each.dropped else "good",
        }
        for each in states
        if not each.missing
    ]
    return {"messages": messages[:SHOWN], "channels": channels}
