"""The ledger and what is on record of releases, promotions and repositories, as interfaces.

Every method may raise `Retryable` from `bot.errors` when the database does not answer. Times are aware UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.facts import Repository
from bot.model.ledger import LedgerEntry, LedgerRow
from bot.model.release import Promotion, PromotionState, Release, Request


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
