"""Overrides: who may set which gate aside, for how long, and what that does to the verdicts (row B2).

An override counts for one gate of one pull request at one head commit on its way to one environment, until it expires
or is cancelled (attack cases 48, 68, 69). It never hides what it sets aside: the verdict keeps the gate's own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.decide.authorize import Permit
from bot.decide.commands.values import CancelOverride
from bot.decide.commands.values import Override as OverrideCommand
from bot.decide.text import code, defang, has_words, truncate, visible
from bot.model.approval_facts import Override, PullAt
from bot.model.facts import Actor
from bot.model.policy_after import Commands
from bot.model.policy_gates import GATE_NAMES
from bot.model.verdict import Evidence, Outcome, Verdict

NEVER = ("approvals", "guards")
"""What no override touches (contract, "Commands")."""
LONGEST_REASON = 2_000
_SHOWN_REASON = 200
_HOLDS = (Outcome.BLOCK, Outcome.UNKNOWN, Outcome.WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """To be kept by the store before anything rests on it; `says` is the answer to the person."""

    override: Override
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing changes; `why` is the answer, safe to show on GitHub."""

    why: str


def judge_override(
    command: OverrideCommand,
    *,
    actor: Actor,
    permit: Permit,
    commands: Commands,
    at: PullAt | None,
    asked_head: str | None,
    verdicts: Iterable[Verdict],
    now: datetime,
    comment_id: int | None = None,
) -> Granted | Refused:
    """May this gate be set aside here and now?

    `permit` is `authorize`'s answer for `override` in the environment. `at`: None when it is no promotion.
    `asked_head` is the head when the command was written (attack case 56); None when that cannot be told. `verdicts`
    are the gates' own answers, before any override.
    """
    if not permit.allowed:
        return Refused(why=permit.reason)
    reason = visible(command.reason)
    if not has_words(reason):
        return Refused(why="An override needs a reason in words: `/override [gate] reason: <words>`.")
    if len(reason) > LONGEST_REASON:
        return Refused(why=f"The reason is longer than {LONGEST_REASON:,} characters.")
    if at is None:
        return Refused(why="There is nothing to override: this is not a promotion.")
    if asked_head != at.head_sha:
        return Refused(
            why=f"Head moved: the override was not given to {at.head_sha[:7]}. Look again, and repeat it."
        )
    gate = _gate(command.gate, tuple(verdicts))
    if isinstance(gate, Refused):
        return gate
    override = Override(
        gate=gate,
        reason=reason,
        by=actor,
        at=at,
        given_at=now,
        expires_at=now + commands.override_expires,
        comment_id=comment_id,
    )
    says = (
        f"{code(gate)} is set aside for {at.head_sha[:7]} on its way to {at.environment} until {_clock(override)}; "
        f"`/override cancel {gate}` takes it back."
    )
    return Granted(override=override, says=says)


def overridable(verdicts: Iterable[Verdict]) -> tuple[str, ...]:
    """The gates that hold the pull request and may be set aside, in their order."""
    found = [each.gate for each in verdicts if each.gate in GATE_NAMES and each.outcome in _HOLDS]
    return tuple(dict.fromkeys(found))


def _gate(asked: str | None, verdicts: Sequence[Verdict]) -> str | Refused:
    open_gates = overridable(verdicts)
    listed = ", ".join(code(gate) for gate in open_gates)
    hint = f"To be set aside now: {listed}." if open_gates else "No gate holds this pull request now."
    if asked is None:
        if len(open_gates) == 1:
            return open_gates[0]
        return Refused(
            why=f"Name the gate: `/override <gate> reason: <words>`. {hint}" if open_gates else hint
        )
    name = asked.lower().replace("-", "_")
    if name in NEVER:
        return Refused(why=f"{code(name)} cannot be overridden by anybody. {hint}")
    if name not in GATE_NAMES:
        return Refused(why=f"{code(truncate(asked, 60, '…'))} is no gate that can be overridden. {hint}")
    if name not in open_gates:
        return Refused(why=f"{code(name)} does not hold this pull request. {hint}")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """The overrides as they are to be kept now, and the answer."""

    overrides: tuple[Override, ...]
    says: str


def cancel_overrides(
    command: CancelOverride,
    *,
    actor: Actor,
    permit: Permit,
    at: PullAt | None,
    overrides: Iterable[Override],
    now: datetime,
) -> Cancelled | Refused:
    """Takes back the override of the named gate at this head, or all of them; `permit` as for `judge_override`."""
    if not permit.allowed:
        return Refused(why=permit.reason)
    gate = None if command.gate is None else command.gate.lower().replace("-", "_")
    alive = [each for each in overrides if at is not None and _counts(each, at, now)]
    meant = [each for each in alive if gate in (None, each.gate)]
    if not meant:
        return Refused(why="No override is in force here that could be taken back.")
    names = ", ".join(dict.fromkeys(code(each.gate) for each in meant))
    taken = tuple(replace(each, cancelled_at=now, cancelled_by=actor) for each in meant)
    return Cancelled(overrides=taken, says=f"The override of {names} is taken back.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The verdicts with overrides laid over them."""

    verdicts: tuple[Verdict, ...]
    used: tuple[Override, ...]
    """Those that changed a verdict; for the evidence record and the metric."""
    expired: tuple[Override, ...]
    """Those for this very head and environment whose time is over; for the ledger."""
    next_change: datetime | None
    """The first moment at which the answer changes by the clock alone: look again then."""


def apply_overrides(
    verdicts: Iterable[Verdict], overrides: Iterable[Override], at: PullAt, now: datetime
) -> Applied:
    """Verdicts that hold become passes with a note where an override counts; all others stay as they are."""
    here = [each for each in overrides if each.at == at and each.gate in GATE_NAMES]
    alive = sorted((each for each in here if _counts(each, at, now)), key=lambda each: each.expires_at)
    by_gate = {each.gate: each for each in alive}
    found: list[Verdict] = []
    used: dict[str, Override] = {}
    for verdict in verdicts:
        override = by_gate.get(verdict.gate)
        if override is None or verdict.outcome not in _HOLDS:
            found.append(verdict)
            continue
        used[override.gate] = override
        found.append(_set_aside(verdict, override))
    moments = [each.expires_at for each in used.values()]
    moments += [each.given_at for each in here if each.given_at > now and each.cancelled_at is None]
    return Applied(
        verdicts=tuple(found),
        used=tuple(used.values()),
        expired=tuple(each for each in here if each.expires_at <= now and each.cancelled_at is None),
        next_change=min(moments, default=None),
    )


def _counts(override: Override, at: PullAt, now: datetime) -> bool:
    in_time = override.given_at <= now < override.expires_at
    return override.at == at and in_time and override.cancelled_at is None


def _set_aside(verdict: Verdict, override: Override) -> Verdict:
    reason = defang(override.reason, _SHOWN_REASON)
    who = override.by.login
    evidence = Evidence(
        measured=f"set aside by {who}",
        needed=f"an override until {_clock(override)}",
        source="override" if override.comment_id is None else f"comment {override.comment_id}",
        at=override.given_at,
    )
    return replace(
        verdict,
        outcome=Outcome.PASS,
        headline=f"Set aside by {who} until {_clock(override)}: {reason}",
        reasons=(f"Without the override: {verdict.outcome.value}: {verdict.headline}", *verdict.reasons),
        evidence=(evidence, *verdict.evidence),
        set_aside=True,
    )


def _clock(override: Override) -> str:
    return f"{override.expires_at:%Y-%m-%d %H:%M %Z}".strip()
