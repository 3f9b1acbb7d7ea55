"""The production validation's vocabulary: flows, judged runs, overrides, requests to deploy, incidents (C1 to C6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from bot.model.facts import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One flow that ran. Its words are its author's: defang them before they are shown."""

    name: str
    """Its file, `add-exercise.yml`, where the report tells it, else its title."""
    exit_code: int = 0
    error: str = ""

    @property
    def failed(self) -> bool:
        """Whether its exit code says so (contract: non-zero)."""
        return self.exit_code != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowReport:
    """All flows of a run's reports; `deployment` is what the artifact itself says was validated, or empty."""

    flows: tuple[Flow, ...] = ()
    deployment: str = ""

    @property
    def failed(self) -> tuple[Flow, ...]:
        """The flows that did not pass."""
        return tuple(each for each in self.flows if each.failed)


class Outcome(Enum):
    """What a validation run came to."""

    ASKED = "asked"
    """It is known to have ended, and was not read yet."""
    PASSED = "passed"
    FAILED = "failed"
    """Flows failed, or the run itself did."""
    UNREADABLE = "unreadable"
    """The run ended well and its results are missing, empty or cannot be read: that never passes."""
    IGNORED = "ignored"
    """Not a run that counts: another branch, another repository, another event."""


BLOCKING = frozenset({Outcome.FAILED, Outcome.UNREADABLE})
COUNTING = BLOCKING | {Outcome.PASSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """A validation run's attempt, judged; never changed after that but by an alert of the same attempt."""

    config_repository_id: int
    run_id: int
    attempt: int
    outcome: Outcome
    deployment: str
    """Which deployment was validated; a run's attempts are of one."""
    run_url: str
    head_sha: str
    branch: str = ""
    why: str = ""
    """A sentence about an outcome that the flows do not tell. Safe to show."""
    flows: int = 0
    failed: tuple[Flow, ...] = ()
    artifacts: tuple[str, ...] = ()
    """Links to what the run left."""
    at: datetime
    """When it was judged."""

    @property
    def order(self) -> tuple[int, int]:
        """Later runs and attempts are greater."""
        return self.run_id, self.attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationOverride:
    """Somebody who may lets deployments pass one failure, for a while: of that attempt, and no later one."""

    config_repository_id: int
    deployment: str
    run_id: int
    attempt: int
    by: Actor
    reason: str
    at: datetime
    expires_at: datetime
    comment_id: int
    cancelled_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.cancelled_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClaims:
    """Which workflow run a verified OIDC token speaks for."""

    repository: str
    repository_id: int
    ref: str
    """`refs/heads/main`."""
    workflow_ref: str
    """`owner/name/.github/workflows/validate.yml@refs/heads/main`."""
    run_id: int
    attempt: int

    @property
    def branch(self) -> str | None:
        """The branch that the run is of; None for a tag or a pull request's merge."""
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None

    @property
    def workflow(self) -> str:
        """The workflow's file."""
        return self.workflow_ref.partition("@")[0].removeprefix(f"{self.repository}/")


class TokenRefused(Exception):
    """A token that speaks for no run that may; the text is for its sender and repeats nothing of it."""


class RequestState(Enum):
    """What became of a request to deploy."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    GONE = "gone"
    """GitHub does not wait for an answer any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentRequest:
    """A workflow run of a blocked repository waits for a yes (`deployment_protection_rule`, row B8)."""

    repository_id: int
    installation_id: int
    deployment_id: int
    """GitHub's id of the deployment that waits."""
    run_id: int
    environment: str
    sha: str
    state: RequestState
    said: str = ""
    """The hash of what it was told last; the decision itself, while that is on its way."""
    comments: int = 0
    """How often it was told something without a decision; GitHub takes ten."""
    at: datetime


class Decided(Enum):
    """What people decide on an incident (row C5)."""

    ROLLBACK = "rollback"
    FIX_FORWARD = "fix-forward"
    ACCEPT = "accept"


class Stage(Enum):
    """Where the response stands (row C6)."""

    REVIEW = "review"
    DECISION = "decision"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The response to failed validations of one config repository; at most one is open."""

    id: int
    config_repository_id: int
    opened_at: datetime
    deployment: str
    """The deployment whose failure opened it."""
    run_id: int
    alerts: int = 1
    """How many failed validations it has gathered."""
    acknowledged_at: datetime | None = None
    acknowledged_by: Actor | None = None
    decided: Decided | None = None
    decided_at: datetime | None = None
    decided_by: Actor | None = None
    decided_because: str = ""
    false_positive: bool = False
    reminders: int = 0
    """Given in the stage that it is in."""
    reminded_at: datetime | None = None
    closed_at: datetime | None = None

    def gathered(self, validated: Validated) -> bool:
        """Whether this failed validation belongs to it: one that was judged while it was open."""
        return (
            validated.outcome in BLOCKING
            and validated.at >= self.opened_at
            and (self.closed_at is None or validated.at <= self.closed_at)
        )

    @property
    def stage(self) -> Stage:
        """The first intervention point that is not behind it. Who decides has reviewed."""
        if self.decided is not None or self.false_positive:
            return Stage.ACTION
        return Stage.REVIEW if self.acknowledged_at is None else Stage.DECISION
