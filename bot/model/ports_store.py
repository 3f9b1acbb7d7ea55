"""What `run` needs from the store, as interfaces, by family. The real one is `adapters.store` (PostgreSQL).

Every method may raise `Retryable` from `bot.errors` when the database does not answer. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from bot.model.approval_facts import ApprovalRecord, ApproveComment, Cancellation, Override
from bot.model.delivery import StoredDelivery
from bot.model.deployment import Deployment, DeploymentState, Progress
from bot.model.facts import Actor, Repository
from bot.model.holds import Hold
from bot.model.hotfix import Debt, DebtEnd, Hotfix
from bot.model.image import ComponentTag
from bot.model.ledger import LedgerEntry, LedgerRow
from bot.model.ports_notify import Notices
from bot.model.ports_validation import Validations
from bot.model.release import Promotion, PromotionState, Release, Request
from bot.model.rollback import RollbackAsk, RollbackRecord, RollbackState, Veto
from bot.model.subject import Subject


class Inbox(Protocol):
    """Deliveries that wait to be worked on."""

    def pending(self, subject: str) -> tuple[StoredDelivery, ...]:
        """The deliveries of a subject that are not completed, oldest first."""

    def known(self, delivery_ids: Collection[str]) -> frozenset[str]:
        """Those of the ids that are stored."""

    def forgotten(self, older_than: datetime) -> tuple[str, ...]:
        """Subjects with a delivery from before that moment, not completed, and no job to work on it."""

    def prune(self, before: datetime) -> int:
        """Deletes deliveries that were completed before that moment; how many."""

    def complete(self, delivery_ids: Sequence[str], outcome: str, at: datetime) -> None:
        """Marks them done: the same delivery id is not worked on again (attack case 9)."""


class Queue(Protocol):
    """Who is to be looked at next."""

    def wake(self, subject: str, at: datetime | None = None) -> None:
        """Makes sure that the subject is looked at, at once or at `at`; one waiting job per subject at most."""


class Subjects(Protocol):
    """How often a subject failed in a row."""

    def attempts(self, subject: str) -> int:
        """Failures in a row so far."""

    def failed(self, subject: str, error: str, retry_at: datetime) -> int:
        """Counts one more failure; the number in a row."""

    def succeeded(self, subject: str) -> None:
        """Forgets the failures."""

    def park(self, subject: str, why: str, at: datetime) -> None:
        """Marks it parked and starts counting afresh, so that the next event tries again."""


class Marks(Protocol):
    """Small durable marks of how far something was read."""

    def get(self, key: str) -> Any:
        """The mark's JSON value, or None when it was never set."""

    def put(self, key: str, value: Any) -> None:
        """Sets the mark."""

    def under(self, prefix: str) -> Mapping[str, Any]:
        """All marks whose key starts with `prefix`, by key."""

    def drop(self, key: str) -> None:
        """Forgets the mark."""


class Ledger(Protocol):
    """The audit trail; append only."""

    def write(self, entry: LedgerEntry) -> int:
        """Appends and returns the row's number. Nothing may happen on GitHub when this raises (attack case 97)."""

    def attempt(self, entry: LedgerEntry) -> int:
        """Appends an attempt that waits for the row of its end."""

    def ended(self, attempt: int, entry: LedgerEntry) -> None:
        """Appends the row of an attempt's end, which waits no longer."""

    def unanswered(self, subject: str) -> tuple[LedgerRow, ...]:
        """The attempts of a subject that wait for the row of their end, oldest first."""

    def rows(
        self,
        *,
        event: str | None = None,
        subject: str | None = None,
        repository_id: int | None = None,
        pull_number: int | None = None,
        limit: int = 1000,
    ) -> tuple[LedgerRow, ...]:
        """The newest `limit` rows that fit every given filter, oldest of them first."""

    def following(
        self, after: int, events: Collection[str], refused: Collection[str], limit: int = 5_000
    ) -> tuple[LedgerRow, ...]:
        """The next rows behind number `after`, oldest first, of these events; and refusals of any event whose details
        have all the keys `refused`."""


class Releases(Protocol):
    """Accepted releases."""

    def accept(self, release: Release) -> bool:
        """Records it; False when it is on record already."""

    def refuse(
        self, source_repository_id: int, run_id: int, run_attempt: int, code: str, at: datetime
    ) -> bool:
        """Records that a run's attempt was refused; False when it was refused before."""

    def was_judged(self, source_repository_id: int, run_id: int, run_attempt: int) -> bool:
        """Whether a run's attempt was accepted or refused before."""

    def of_run(self, source_repository_id: int, run_id: int, run_attempt: int) -> Release | None:
        """The release that a run's attempt handed over."""

    def recent(self, source_repository_id: int, source: str, limit: int = 50) -> tuple[Release, ...]:
        """The newest accepted releases of a source, newest first by run id and attempt."""

    def by_digest(self, source_repository_id: int, digests: Collection[str]) -> Mapping[str, Release]:
        """For each digest that a release of this repository brought, the newest such release."""


class Promotions(Protocol):
    """Pull requests that Lockstep opened."""

    def opened(self, promotion: Promotion) -> None:
        """Records one, or renews head, components, releases and state of the one with that pull request number."""

    def by_pull(self, config_repository_id: int, pull_number: int) -> Promotion | None:
        """The promotion of a pull request."""

    def open_of(self, config_repository_id: int) -> tuple[Promotion, ...]:
        """All open ones of a config repository."""

    def all_open(self) -> tuple[Promotion, ...]:
        """All open ones everywhere, for the sweep."""

    def of(
        self, config_repository_id: int, environment: str, source: str, limit: int = 20
    ) -> tuple[Promotion, ...]:
        """The newest promotions to an environment from a source, newest first, in any state."""

    def arrived(
        self, config_repository_id: int, environment: str, component: str, limit: int = 20
    ) -> tuple[Promotion, ...]:
        """The newest merged promotions that brought a component to an environment, the last merge first."""

    def settled(
        self, config_repository_id: int, pull_number: int, state: PromotionState, at: datetime
    ) -> bool:
        """Records that it was merged or closed; False when that was on record already."""


class Requests(Protocol):
    """People's `/promote` comments that wait for their answer."""

    def ask(self, request: Request) -> bool:
        """Records it; False when that comment already asked for that environment."""

    def open_for(self, config_repository_id: int, environment: str) -> tuple[Request, ...]:
        """Those without an answer, oldest first."""

    def find(self, comment_id: int, environment: str) -> Request | None:
        """One request, with its answer when there is one."""

    def answered(self, comment_id: int, environment: str, answer: str, at: datetime) -> None:
        """Records the answer."""


class Repositories(Protocol):
    """Repositories that the App is installed on."""

    def put(
        self,
        installation_id: int,
        repositories: Sequence[Repository],
        config_ids: Collection[int],
        at: datetime,
    ) -> None:
        """Replaces what is known of an installation: all its repositories, and which of them hold rules."""

    def find(self, repository_id: int) -> Repository | None:
        """A known repository."""

    def within(self, installation_id: int, repository_id: int) -> Repository | None:
        """A known repository, if it belongs to this installation."""

    def named(self, installation_id: int, full_name: str) -> Repository | None:
        """A known repository of an installation by its name (case-insensitive, as GitHub reads it)."""

    def config_of(self, installation_id: int) -> tuple[Repository, ...]:
        """The config repositories of an installation."""

    def installations(self) -> tuple[int, ...]:
        """All installations that were discovered."""

    def is_known(self, installation_id: int) -> bool:
        """Whether the installation was discovered before."""

    def forget(self, installation_id: int) -> None:
        """Drops an installation that is gone, with its repositories. Releases and the ledger stay."""


class Pins(Protocol):
    """Which repository a source's name stands for, by id (attack case 25)."""

    def of(self, config_repository_ids: Collection[int]) -> Mapping[int, Mapping[str, int]]:
        """For each of these config repositories: lower-case source name to repository id."""

    def pin(
        self, config_repository_id: int, source_repository: str, repository_id: int, *, anew: bool = False
    ) -> int:
        """Pins a name that is not pinned yet, with `anew` also one that is; the id that it stands for from now on."""


class Approvals(Protocol):
    """What people said with `/approve`, and the content that each yes was given to (row B1). Only ever added to."""

    def said(self, repository_id: int, pull: int, word: ApproveComment | Cancellation) -> bool:
        """Keeps an `/approve` or `/approve cancel`; False when that comment was kept before."""

    def comments(self, repository_id: int, pull: int) -> tuple[ApproveComment | Cancellation, ...]:
        """All that was said on a pull request, oldest first."""

    def keep(self, records: Iterable[ApprovalRecord]) -> None:
        """Keeps what each yes was given to; a record that is there stays as it is."""

    def records(self, repository_id: int, pull: int) -> tuple[ApprovalRecord, ...]:
        """The records of a pull request."""


class Overrides(Protocol):
    """Recorded permissions to set one gate aside (row B2)."""

    def grant(self, override: Override) -> bool:
        """Keeps it; False when it was kept before (the same comment and gate)."""

    def of(self, repository_id: int, pull: int) -> tuple[Override, ...]:
        """Every one that was granted on a pull request, oldest first."""

    def cancel(self, override: Override) -> bool:
        """Keeps who took it back and when, which `override` tells; False when it was taken back before."""


class Holds(Protocol):
    """Environments and pull requests that stay where they are."""

    def place(self, hold: Hold) -> bool:
        """Keeps it; False when the place is held already."""

    def release(
        self, repository_id: int, environment: str | None, pull: int | None, by: Actor, at: datetime
    ) -> bool:
        """Ends the one in force; False when there is none."""

    def active(self, repository_id: int) -> tuple[Hold, ...]:
        """All that are in force, oldest first."""


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


class Store(Protocol):
    """All families together."""

    def together(self) -> AbstractContextManager[None]:
        """What this thread keeps meanwhile is kept together, or nothing of it: a row of the ledger and what it stands
        for. Nothing outside of the store may be asked inside. Raises Retryable, then nothing is known to be kept."""

    @property
    def inbox(self) -> Inbox: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def subjects(self) -> Subjects: ...
    @property
    def marks(self) -> Marks: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def releases(self) -> Releases: ...
    @property
    def promotions(self) -> Promotions: ...
    @property
    def requests(self) -> Requests: ...
    @property
    def repositories(self) -> Repositories: ...
    @property
    def pins(self) -> Pins: ...
    @property
    def approvals(self) -> Approvals: ...
    @property
    def overrides(self) -> Overrides: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def deployments(self) -> Deployments: ...
    @property
    def rollbacks(self) -> Rollbacks: ...
    @property
    def vetoes(self) -> Vetoes: ...
    @property
    def validations(self) -> Validations: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def hotfixes(self) -> Hotfixes: ...
    @property
    def debts(self) -> Debts: ...


def wake(store: Store, subject: Subject, at: datetime | None = None) -> None:
    """`queue.wake` for a subject as a value."""
    store.queue.wake(str(subject), at)
