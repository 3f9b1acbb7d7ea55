"""`/override [gate] reason: …` and `/override cancel [gate]`: kept by the store before anything rests on it (B2)."""

from __future__ import annotations

from bot.decide import commands as grammar
from bot.decide.overrides import Refused, cancel_overrides, judge_override, overridable
from bot.decide.pull import measured_verdicts, pull_at
from bot.model.policy_after import Commands
from bot.run.commands.asked import Answer, Asked


def override(asked: Asked[grammar.Override]) -> Answer:
    """Sets one gate aside on the head that its author saw, or says why not (attack cases 68, 69)."""
    look, command = asked.look, asked.command
    at = pull_at(look.snapshot, look.promotion) if look.is_open_promotion else None
    found = judge_override(
        command,
        actor=asked.by,
        permit=asked.permit,
        commands=look.policy.commands if look.policy else Commands(),
        at=at,
        asked_head=asked.saw,
        verdicts=measured_verdicts(look.measured()) if at else (),
        now=look.house.clock(),
        comment_id=asked.source_id,
    )
    if isinstance(found, Refused):
        asked.note("override", "refused", found.why, gate=command.gate or "")
        return found.why
    given = found.override
    # The row first: nothing is set aside that is not on record (attack case 97).
    with look.house.store.together():
        asked.note(
            "override",
            "done",
            given.reason,
            gate=given.gate,
            environment=given.at.environment,
            expires_at=given.expires_at.isoformat(),
        )
        look.house.store.overrides.grant(given)
    return found.says


def how(asked: Asked[grammar.HowToOverride]) -> Answer:
    """The answer to the button, which can ask for no reason: how to word it."""
    gates = overridable(measured_verdicts(asked.look.measured())) if asked.look.is_open_promotion else ()
    if not gates:
        return "No gate holds this pull request now."
    lines = "\n".join(f"/override {gate} reason: " for gate in gates)
    return f"Say why, in a comment with a line of its own:\n```\n{lines}\n```"


def cancel(asked: Asked[grammar.CancelOverride]) -> Answer:
    """Takes the override of one gate back, or all that are in force here."""
    look = asked.look
    found = cancel_overrides(
        asked.command,
        actor=asked.by,
        permit=asked.permit,
        at=pull_at(look.snapshot, look.promotion) if look.is_open_promotion else None,
        overrides=look.house.store.overrides.of(look.snapshot.repository.id, look.snapshot.pull.number),
        now=look.house.clock(),
    )
    if isinstance(found, Refused):
        return found.why
    for taken in found.overrides:
        with look.house.store.together():
            asked.note("override_cancelled", "done", found.says, gate=taken.gate)
            look.house.store.overrides.cancel(taken)
    return found.says
