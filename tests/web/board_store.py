"""A store for the board, in memory: what the worker would have written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model.ledger import LedgerRow
from bot.model.release import Promotion, Release
from bot.web.board_model import Store


@dataclass
class BoardStore:
    """Holds the four families that the board reads; raises `fails` instead when set."""

    values: dict[str, Any] = field(default_factory=dict)
    pulls: tuple[Promotion, ...] = ()
    taken: tuple[Release, ...] = ()
    entries: tuple[LedgerRow, ...] = ()
    fails: Exception | None = None
    readings: int = 0

    @property
    def marks(self) -> BoardStore:
        return self

    @property
    def promotions(self) -> BoardStore:
        return self

    @property
    def releases(self) -> BoardStore:
        return self

    @property
    def ledger(self) -> BoardStore:
        return self

    def under(self, prefix: str) -> Mapping[str, Any]:
        return {key: value for key, value in self.values.items() if key.startswith(prefix)}

    def all_open(self) -> tuple[Promotion, ...]:
        self.readings += 1
        if self.fails is not None:
            raise self.fails
        return self.pulls

    def newest(self, limit: int) -> tuple[Release, ...]:
        return self.taken[:limit]

    def rows(self, *, limit: int) -> tuple[LedgerRow, ...]:
        return self.entries[-limit:]

    def numbers(self) -> Mapping[str, float]:
        return {"jobs_waiting": 3.0, "workers_alive": 1.0}


held_to_the_protocol: Store = BoardStore()
