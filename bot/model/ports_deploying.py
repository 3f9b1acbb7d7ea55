"""What is on record of all that follows a merge: deployments, rollbacks, vetoes, hotfixes, as interfaces.

Every method may raise `Retryable` from `bot.errors` when the database does not answer. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.deployment import Deployment, DeploymentState, Progress
from bot.model.facts import Actor
from bot.model.hotfix import Debt, DebtEnd, Hotfix
from bot.model.image import ComponentTag
from bot.model.rollback import RollbackAsk, RollbackRecord, RollbackState, Veto


class Deployments(Protocol):
    """Promotions from their pull request until they are proven healthy, or back where it was (row P6)."""

    def opened(self, deployment: Deployment) -> None:
        """Records one; of one that is there and not merged, renews what it brings and what kind it is."""

    def by_pull(self, config_repository_id: int, pull_number: int) -> Deployment | None:
        """The deployment of a pull request."""

    def of(self, config_repository_id: int, environment: str, limit: int = 50) -> tuple[Deployment, ...]:
        """Those of an environment, newest first: by the moment of the merge, those that wait for it before."""

    def underway(self, config_repository_id: int) -> tuple[Deployment, ...]:
        """All of a config repository that are merged and neither proven, failed nor taken back, oldest merge first."""

    def move(
        self,
        deployment: Deployment,
        to: DeploymentState,
        at: datetime,
        why: str,
        *,
        findings: Sequence[str] | None = None,
        merge_sha: str | None = None,
        merged_at: datetime | None = None,
    ) -> bool:
        """Changes the state of one that still stands where `deployment` does; False when it does not. Raises
        ValueError for a change that `deployment.ALLOWED` does not know."""

    def note(
        self,
        deployment: Deployment,
        *,
        progress: Sequence[Progress] = (),
        findings: Sequence[str] | None = None,
        github_id: int | None = None,
        github_state: str | None = None,
    ) -> None:
        """Keeps how far parts of it have come, and what GitHub was told; None leaves what was there."""

    def begin_afresh(self, deployment: Deployment) -> None:
        """Forgets how far its parts have come, so that all of it is looked at again."""


class Rollbacks(Protocol):
    """Wishes to go back, and what came of them (row R6)."""

    def ask(self, ask: RollbackAsk) -> int | None:
        """Records a wish, and its id; None when the same one was recorded before. One that a lock stopped is asked
        again."""

    def pending(self, config_repository_id: int, environment: str) -> tuple[RollbackRecord, ...]:
        """Those that wait for the environment's look, or whose pull request is open; oldest first."""

    def all_pending(self) -> tuple[RollbackRecord, ...]:
        """Those of every environment, for the sweep."""

    def of(self, config_repository_id: int, environment: str, limit: int = 100) -> tuple[RollbackRecord, ...]:
        """The newest that led to a pull request, newest first."""

    def by_pull(self, config_repository_id: int, pull_number: int) -> RollbackRecord | None:
        """The rollback of a pull request."""

    def recent(self, limit: int) -> tuple[RollbackRecord, ...]:
        """The newest of every environment that led to a pull request, newest first."""

    def keyed(self, config_repository_id: int, environment: str, prefix: str) -> tuple[RollbackRecord, ...]:
        """Those whose key begins so, whatever came of them; newest first."""

    def find(self, rollback_id: int) -> RollbackRecord | None:
        """One by its id."""

    def settled(self, rollback_id: int, state: RollbackState, answer: str) -> None:
        """Records that nothing is done about it, or that it was closed, and why."""

    def opened(
        self,
        rollback_id: int,
        *,
        pull_number: int,
        undoes: int | None,
        before: Mapping[str, ComponentTag],
        after: Mapping[str, ComponentTag],
        answer: str,
        at: datetime,
    ) -> None:
        """Records its pull request."""

    def merged(self, rollback_id: int, at: datetime) -> bool:
        """Records the revert's merge; False when that was on record already."""

    def ended(self, rollback_id: int, state: RollbackState, at: datetime) -> bool:
        """Records that the environment became healthy, or did not; False when it was recorded already."""

    def tell(self, rollback_id: int, incident: int) -> None:
        """Keeps the number of the issue that tells the incident."""


class Vetoes(Protocol):
    """Digests that no automation proposes again (row B3)."""

    def place(self, veto: Veto) -> bool:
        """Keeps it; False when the digest is vetoed already."""

    def lift(self, veto: Veto, by: Actor, because: str, at: datetime) -> bool:
        """Ends the one in force; False when there is none."""

    def active(self, repository_id: int) -> tuple[Veto, ...]:
        """All that are in force, oldest first."""


class Hotfixes(Protocol):
    """Releases that count as hotfixes (row R7)."""

    def declare(self, hotfix: Hotfix) -> bool:
        """Keeps it; False when the release is one already. Components that are named anew are added."""

    def of(self, config_repository_id: int, source: str, limit: int = 20) -> tuple[Hotfix, ...]:
        """The newest of a source, the last declared first."""

    def find(self, hotfix_id: int) -> Hotfix | None:
        """One by its id."""

    def by_release(self, config_repository_id: int, release_ids: Collection[str]) -> tuple[Hotfix, ...]:
        """Those of these releases that count as hotfixes, the first declared first."""

    def tell(self, hotfix_id: int, postmortem: int) -> None:
        """Keeps the number of the issue that it is written up in."""


class Debts(Protocol):
    """What environments owe since a hotfix was merged there (row B5)."""

    def owe(self, debt: Debt) -> bool:
        """Keeps it; False when that merge's was kept before."""

    def of(self, hotfix_id: int) -> tuple[Debt, ...]:
        """All of a hotfix, ended ones too, oldest first."""

    def active(self, config_repository_id: int) -> tuple[Debt, ...]:
        """All that are in force, oldest first."""

    def release(self, debt: Debt, end: DebtEnd, because: str, by_pull: int, at: datetime) -> bool:
        """Ends one that is in force; False when it is not."""
