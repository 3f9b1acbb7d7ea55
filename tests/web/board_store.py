"""A store for the board, in memory: what the worker would have written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from bot.model.deployment import Deployment
from bot.model.holds import Hold
from bot.model.hotfix import Debt
from bot.model.ledger import LedgerRow
from bot.model.release import Promotion, Release
from bot.model.rollback import RollbackRecord, Veto
from bot.model.tidings import ChannelState
from bot.web.ports_pages import Store

T = TypeVar("T")


@dataclass
class Merged:
    """Deployments, newest first."""

    found: tuple[Deployment, ...]

    def recent(self, each: int) -> tuple[Deployment, ...]:
        return self.found


@dataclass
class All(Generic[T]):
    """What is in force everywhere."""

    found: tuple[T, ...]

    def everywhere(self) -> tuple[T, ...]:
        return self.found


@dataclass
class Back:
    """Rollbacks, newest first."""

    found: tuple[RollbackRecord, ...]

    def recent(self, limit: int) -> tuple[RollbackRecord, ...]:
        return self.found[:limit]

    def automatic_since(self, since: datetime) -> tuple[RollbackRecord, ...]:
        return tuple(each for each in self.found if each.ask.automatic)


@dataclass
class BoardStore:
    """Holds what the board reads; raises `fails` instead when set."""

    values: dict[str, Any] = field(default_factory=dict)
    pulls: tuple[Promotion, ...] = ()
    taken: tuple[Release, ...] = ()
    entries: tuple[LedgerRow, ...] = ()
    merged: tuple[Deployment, ...] = ()
    held: tuple[Hold, ...] = ()
    barred: tuple[Veto, ...] = ()
    owed: tuple[Debt, ...] = ()
    went_back: tuple[RollbackRecord, ...] = ()
    states: tuple[ChannelState, ...] = ()
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

    @property
    def deployments(self) -> Merged:
        return Merged(self.merged)

    @property
    def holds(self) -> All[Hold]:
        return All(self.held)

    @property
    def vetoes(self) -> All[Veto]:
        return All(self.barred)

    @property
    def debts(self) -> All[Debt]:
        return All(self.owed)

    @property
    def rollbacks(self) -> Back:
        return Back(self.went_back)

    def under(self, prefix: str) -> Mapping[str, Any]:
        return {key: value for key, value in self.values.items() if key.startswith(prefix)}

    def all_open(self) -> tuple[Promotion, ...]:
        self.readings += 1
        if self.fails is not None:
            raise self.fails
        return self.pulls

    def newest(self, limit: int) -> tuple[Release, ...]:
        return self.taken[:limit]

    @property
    def notices(self) -> BoardStore:
        return self

    def channels(self) -> tuple[ChannelState, ...]:
        return self.states

    def rows(self, *, event: str | None = None, limit: int) -> tuple[LedgerRow, ...]:
        return tuple(row for row in self.entries if event in (None, row.entry.event))[-limit:]

    def numbers(self) -> Mapping[str, float]:
        return {"jobs_waiting": 3.0, "workers_alive": 1.0}


held_to_the_protocol: Store = BoardStore()
