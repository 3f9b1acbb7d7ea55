"""What somebody asks Lockstep to do, whichever door it came through, and the pull request it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from bot.decide.authorize import Permit
from bot.decide.commands import Command
from bot.decide.pull import PullDecision, PullFacts
from bot.model.door import Door
from bot.model.facts import Actor, PullState, Unknown
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.release import Promotion
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.run.acts import Cause
from bot.run.house import House, note

RULES_INVALID = (
    "The rules file of the default branch is invalid; mend it first. See the check run `/ config`."
)
"""The answer to a command that cannot be understood without rules."""
_NOBODY = Permit(allowed=False, reason="nobody was asked whether this is allowed")

CommandT = TypeVar("CommandT", bound=Command, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a pull request, as far as commands need it."""

    house: House
    subject: Subject
    github: GitHub
    snapshot: PullSnapshot
    policy: Policy | None
    promotion: Promotion | None
    measured: Callable[[], PullFacts]
    """The facts with every demanded gate measured; asked at most once a look."""
    decided: Callable[[], PullDecision]
    """The decision, with what the commands of this look have put on record: to be asked after all were obeyed."""
    permissions: dict[int, str | Unknown] = field(default_factory=dict)
    """By person: what GitHub said of them in this look."""

    @property
    def environment(self) -> str | None:
        """Where the promotion goes."""
        return self.promotion.environment if self.promotion else None

    @property
    def is_open_promotion(self) -> bool:
        """Whether this is an open pull request of Lockstep's."""
        return self.promotion is not None and self.snapshot.pull.state is PullState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[CommandT]):
    """A command with who gave it, and when."""

    look: Look
    command: CommandT
    by: Actor
    door: Door
    at: datetime
    """When it was received."""
    source_id: int
    """The comment's id, or the check run's."""
    delivery_id: str | None
    saw: str | None
    """The head commit that its author saw; None when that cannot be told (attack case 56)."""
    written_at: datetime | None = None
    """When it was written, by GitHub's clock."""
    permit: Permit = _NOBODY
    """The authorizer's answer: no, until `obey` has asked it."""

    @property
    def cause(self) -> Cause:
        """For the ledger rows of what is done about it."""
        return Cause(
            subject=self.look.subject,
            delivery_id=self.delivery_id,
            actor_id=self.by.id,
            actor_login=self.by.login,
        )

    def note(self, event: str, decision: str, why: str, **details: str | None) -> bool:
        """A ledger row about this person's word on this pull request; details that are None are left out. Written once
        for what was said once: False when a worker before this one wrote it, and did not live to give the answer."""
        look, pull = self.look, self.look.snapshot.pull
        said = {name: value for name, value in details.items() if value is not None}
        named = [said.get(each) for each in ("gate", "environment", "digest")]
        words = (self.delivery_id or self.source_id, self.command.line, event, decision, *named)
        return note(
            look.house, look.subject, event, decision, why,
            pull_number=pull.number, head_sha=pull.head_sha, delivery_id=self.delivery_id,
            actor_id=self.by.id, actor_login=self.by.login, details={"door": self.door.value, **said},
            once=f"said {' '.join(map(str, words))}",
        )  # fmt: skip


Later = Callable[[PullDecision], str]
"""An answer that needs the decision which the commands of this look lead to."""
Answer = str | Later | None
"""None: somebody else answers, as the environment's look does for `/promote`."""
