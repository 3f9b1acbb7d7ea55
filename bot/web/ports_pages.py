"""What the board and the status read of the store, and nothing more: they change nothing (attack case 94)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.model.deployment import Deployment
from bot.model.holds import Hold
from bot.model.hotfix import Debt
from bot.model.ledger import LedgerRow
from bot.model.release import Promotion, Release
from bot.model.rollback import RollbackRecord, Veto
from bot.web.board_told import Notices


class Deployments(Protocol):
    """Deployments on record."""

    def recent(self, each: int) -> Sequence[Deployment]:
        """The newest of every environment, newest first."""


class Holds(Protocol):
    """Holds everywhere."""

    def everywhere(self) -> Sequence[Hold]:
        """All that are in force."""


class Vetoes(Protocol):
    """Vetoes everywhere."""

    def everywhere(self) -> Sequence[Veto]:
        """All that are in force."""


class Debts(Protocol):
    """What is owed for hotfixes everywhere."""

    def everywhere(self) -> Sequence[Debt]:
        """All that are in force."""


class Rollbacks(Protocol):
    """Rollbacks everywhere."""

    def recent(self, limit: int) -> Sequence[RollbackRecord]:
        """The newest that led to a pull request, newest first."""

    def automatic_since(self, since: datetime) -> Sequence[RollbackRecord]:
        """Automatic ones that were opened, or stopped by a lock, since then."""


class Marks(Protocol):
    """What the worker wrote down for the pages."""

    def under(self, prefix: str) -> Mapping[str, Any]:
        """All values whose key starts with `prefix`, by key."""


class Promotions(Protocol):
    """Pull requests on record."""

    def all_open(self) -> tuple[Promotion, ...]:
        """All open ones."""


class Releases(Protocol):
    """Releases on record."""

    def newest(self, limit: int) -> tuple[Release, ...]:
        """Those accepted last."""


class Ledger(Protocol):
    """The audit trail."""

    def rows(self, *, event: str | None = None, limit: int) -> tuple[LedgerRow, ...]:
        """The newest rows, of one event or of all, oldest of them first."""


class Store(Protocol):
    """The parts of the store that the board reads."""

    @property
    def marks(self) -> Marks: ...
    @property
    def promotions(self) -> Promotions: ...
    @property
    def releases(self) -> Releases: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def deployments(self) -> Deployments: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def vetoes(self) -> Vetoes: ...
    @property
    def debts(self) -> Debts: ...
    @property
    def rollbacks(self) -> Rollbacks: ...
    @property
    def notices(self) -> Notices: ...

    def numbers(self) -> Mapping[str, float]:
        """Gauges, as for `GET /metrics`."""
