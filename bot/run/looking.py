"""A house in which nothing can be changed: for validating and for dry runs (rows P4, P12).

The same functions look as in the worker, and no flag goes along with them: what would write is not there. Store
families answer only the questions listed here, so one that is added later is refused until somebody has thought of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from bot.errors import Terminal
from bot.model.action import Action, Receipt
from bot.model.facts import Repository
from bot.model.ports import GitHub
from bot.model.ports_store import Store
from bot.run.house import House

READING = {
    "releases": {"was_judged", "of_run", "recent", "by_digest"},
    "promotions": {"by_pull", "open_of", "all_open", "of", "arrived"},
    "requests": {"open_for", "find"},
    "repositories": {"find", "within", "named", "config_of", "of", "is_known"},
    "pins": {"of"},
    "marks": {"get", "under"},
    "approvals": {"comments", "records"},
    "overrides": {"of"},
    "holds": {"active"},
    "deployments": {"by_pull", "of", "underway"},
    "ledger": {"rows", "following", "unanswered"},
    "rollbacks": {"pending", "all_pending", "of", "by_pull", "find", "keyed", "recent"},
    "vetoes": {"active"},
    "validations": {"of", "asked", "overrides", "pending", "incident", "incidents"},
    "hotfixes": {"of", "find", "by_release"},
    "debts": {"of", "active"},
}
"""Store family → its methods that change nothing."""


class NothingWritten(Terminal):
    """Something was about to be written where only looking was asked for; a mistake in Lockstep itself."""


def only_looking(house: House) -> House:
    """The house, reading as it does, without a way to write: to GitHub, the ledger, or anything else on record."""
    return replace(
        house,
        store=cast(Store, _Shelf(house.store)),
        github=_behind_glass(house.github),
        whole_installation=_behind_glass(house.whole_installation),
        last_policy=dict(house.last_policy),
        told_plans={},
        values=dict(house.values),
    )


class _NoQueue:
    """Nobody is woken: who asks looks for himself, and the worker goes by its own events."""

    def wake(self, subject: str, at: datetime | None = None) -> None:
        """Not done."""


class _NoNotices:
    """Who is told what stays as it is on record; nobody is told."""

    def plan(self, repository_id: int, **_: object) -> None:
        """Not done."""


class _Family:
    """A family of the store, its reading methods alone."""

    def __init__(self, name: str, family: object) -> None:
        self._name = name
        self._family = family

    def __getattr__(self, method: str) -> Any:
        if method not in READING.get(self._name, ()):
            raise NothingWritten(f"only looking: {self._name}.{method} may write")
        return getattr(self._family, method)


class _Shelf:
    """The store, family by family."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def together(self) -> AbstractContextManager[None]:
        """Nothing is kept, so there is nothing to keep together."""
        return nullcontext()

    def __getattr__(self, name: str) -> Any:
        if name == "queue":
            return _NoQueue()
        if name == "notices":
            return _NoNotices()
        return _Family(name, getattr(self._store, name))


class _Glass:
    """GitHub to look at; `apply` is refused."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def __getattr__(self, name: str) -> Any:
        return getattr(self._github, name)

    def apply(self, repository: Repository, actions: Sequence[Action]) -> tuple[Receipt, ...]:
        """Refused. Raises NothingWritten."""
        raise NothingWritten(
            f"only looking: {len(actions)} actions on {repository.full_name} are not carried out"
        )


def _behind_glass(github: Callable[[int], GitHub]) -> Callable[[int], GitHub]:
    def view(installation_id: int) -> GitHub:
        return cast(GitHub, _Glass(github(installation_id)))

    return view
