"""`/override [gate] reason: …` and `/override cancel [gate]`: kept by the store before anything rests on it (B2)."""

from __future__ import annotations

from bot.decide import commands as grammar
from bot.decide.authorize import Permit
from bot.decide.overrides import Refused, cancel_overrides, judge_override, overridable
from bot.decide.pull import measured_verdicts, pull_at
from bot.model.policy_after import Commands
from bot.run.commands.asked import Answer, Asked
from bot.run.house import note

PERMITTED = Permit(allowed=True, reason="asked before")
"""Commands reach their handlers only after the authorizer's yes."""


def override(asked: Asked) -> Answer:
    """Sets one gate aside on the head that its author saw, or says why not (attack cases 68, 69)."""
    look, command = asked.look, asked.command
    if not isinstance(command, grammar.Override):
        raise TypeError(f"{command.name} is no /override")
    if not command.reason:
        return _how(asked)
    at = pull_at(look.snapshot, look.promotion) if look.is_open_promotion else None
    found = judge_override(
        command,
        actor=asked.by,
        permit=PERMITTED,
        commands=look.policy.commands if look.policy else Commands(),
        at=at,
        asked_head=asked.saw,
        verdicts=measured_verdicts(look.measured()) if at else (),
        now=look.house.clock(),
        comment_id=asked.source_id,
    )
    if isinstance(found, Refused):
        _note(asked, "override", "refused", found.why, {"gate": command.gate or ""})
        return found.why
    given = found.override
    # The row first: nothing is set aside that is not on record (attack case 97).
    details = {
        "gate": given.gate,
        "environment": given.at.environment,
        "expires_at": given.expires_at.isoformat(),
    }
    _note(asked, "override", "done", given.reason, details)
    look.house.store.overrides.grant(given)
    return found.says


def _how(asked: Asked) -> str:
    """The answer to the button, which can ask for no reason: how to word it."""
    gates = overridable(measured_verdicts(asked.look.measured())) if asked.look.is_open_promotion else ()
    if not gates:
        return "No gate holds this pull request now."
    lines = "\n".join(f"/override {gate} reason: " for gate in gates)
    return f"Say why, in a comment with a line of its own:\n```\n{lines}\n```"


def cancel(asked: Asked) -> Answer:
    """Takes the override of one gate back, or all that are in force here."""
    look, command = asked.look, asked.command
    if not isinstance(command, grammar.CancelOverride):
        raise TypeError(f"{command.name} is no /override cancel")
    found = cancel_overrides(
        command,
        actor=asked.by,
        permit=PERMITTED,
        at=pull_at(look.snapshot, look.promotion) if look.is_open_promotion else None,
        overrides=look.house.store.overrides.of(look.snapshot.repository.id, look.snapshot.pull.number),
        now=look.house.clock(),
    )
    if isinstance(found, Refused):
        return found.why
    for taken in found.overrides:
        _note(asked, "override_cancelled", "done", found.says, {"gate": taken.gate})
        look.house.store.overrides.cancel(taken)
    return found.says


def _note(asked: Asked, event: str, decision: str, why: str, details: dict[str, str]) -> None:
    look, pull = asked.look, asked.look.snapshot.pull
    note(
        look.house, look.subject, event, decision, why,
        pull_number=pull.number, head_sha=pull.head_sha, delivery_id=asked.delivery_id,
        actor_id=asked.by.id, actor_login=asked.by.login, details={"door": asked.door.value, **details},
    )  # fmt: skip
