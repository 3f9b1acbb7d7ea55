"""What `run` needs from the store about the production validation; a family of `bot.model.ports_store.Store`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.model.validation import DeploymentRequest, Incident, RequestState, Validated, ValidationOverride


class Validations(Protocol):
    """Judged runs, overrides, requests to deploy and incidents, by config repository."""

    def put(self, validated: Validated) -> None:
        """Keeps what a run's attempt came to, in place of what was kept of it."""

    def ask(self, config_repository_id: int, run_id: int, at: datetime) -> None:
        """A run has ended and is to be read."""

    def asked(self, config_repository_id: int) -> tuple[int, ...]:
        """The runs that are to be read."""

    def heard(self, config_repository_id: int, run_ids: Sequence[int]) -> None:
        """They were read."""

    def of(self, config_repository_id: int) -> tuple[Validated, ...]:
        """The newest runs, newest first, with every failure that nothing of its deployment followed."""

    def override(self, given: ValidationOverride) -> bool:
        """Keeps it; False when the same comment gave it before."""

    def overrides(self, config_repository_id: int) -> tuple[ValidationOverride, ...]:
        """All that were given, also those that ended; newest first."""

    def cancel(self, config_repository_id: int, at: datetime) -> int:
        """Ends those in force; how many."""

    def request(self, request: DeploymentRequest) -> bool:
        """Takes a request to deploy in; False when it is known."""

    def pending(self, repository_ids: Sequence[int]) -> tuple[DeploymentRequest, ...]:
        """Requests of these repositories that wait, oldest first."""

    def answered(self, request: DeploymentRequest, state: RequestState, said: str, comments: int) -> None:
        """Keeps what it was told, and what became of it."""

    def open(self, config_repository_id: int, opened_at: datetime, deployment: str, run_id: int) -> Incident:
        """The open incident, a new one when there was none."""

    def incident(self, config_repository_id: int) -> Incident | None:
        """The one that is open."""

    def incidents(self, config_repository_id: int) -> tuple[Incident, ...]:
        """All, newest first."""

    def keep(self, incident: Incident) -> None:
        """Keeps everything of an incident but its number."""
