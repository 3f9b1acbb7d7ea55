"""The commands as values (contract, "Commands"). What they hold is asked for, not allowed: see `authorize`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Base of all commands. `line` counts from 1; `raw` is the line as written: show it by `text.code` only."""

    name: str
    raw: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote(Command):
    """`/promote [environment] [component…]`: which of `words` is an environment, only the rules can tell."""

    words: tuple[str, ...]

    def target(self, environments: Collection[str]) -> tuple[str | None, tuple[str, ...]]:
        """The environment when the first word names one, and the components; none means all that differ."""
        if self.words and self.words[0] in environments:
            return self.words[0], self.words[1:]
        return None, self.words


@dataclass(frozen=True, slots=True, kw_only=True)
class Override(Command):
    """`/override [gate] reason: <words>`; `gate` None: whichever gate fails. `reason` has words, ≤ 2,000 characters."""

    gate: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToOverride(Command):
    """The button "Override…": it cannot ask for a reason, so it is answered with how to give one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOverride(Command):
    """`/override cancel [gate]`; `gate` None: every override of this head commit."""

    gate: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback(Command):
    """`/rollback [component…] [to:<tag, digest, commit or #promotion>] reason: <words>`; no components: all; no `to`:
    the last good."""

    components: tuple[str, ...]
    to: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftVeto(Command):
    """`/veto lift <component> [<tag or digest>] reason: <words>`; `which` None: the only one of the component."""

    component: str
    which: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotfix(Command):
    """`/hotfix [environment]`."""

    environment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Command):
    """`/hold [environment] [reason: …]`; `environment` None: this pull request."""

    environment: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unhold(Command):
    """`/unhold [environment]`."""

    environment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve(Command):
    """`/approve`: a yes to the head commit that stood when the comment was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelApproval(Command):
    """`/approve cancel`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync(Command):
    """`/sync`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry(Command):
    """`/retry`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Command):
    """`/status`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun(Command):
    """`/dry-run`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help(Command):
    """`/help`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Command):
    """`/ack` on an incident: somebody is on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(Command):
    """`/decide <rollback, fix-forward or accept> reason: <words>` on an incident; `what` is one of the three."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FalsePositive(Command):
    """`/false-positive reason: <words>` on an incident: nothing was wrong but the validation."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed(Command):
    """A command that cannot be understood: does nothing, and is answered with `problem` and `usage`.

    `problem` is a sentence safe to show on GitHub.
    """

    usage: str
    problem: str

    @property
    def answer(self) -> str:
        """What whoever wrote it is told, whichever door it came through."""
        return f"`/{self.name}` was not understood: {self.problem}. Usage: `{self.usage}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMany(Command):
    """Stands in place of the first command over the limit; it and all that follow do nothing (attack case 72)."""

    limit: int
