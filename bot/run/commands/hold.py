"""`/hold [environment] [reason: …]` and `/unhold [environment]`: nothing is merged there until somebody lets it go."""

from __future__ import annotations

from bot.decide import commands as grammar
from bot.decide import names
from bot.decide.text import code, defang
from bot.model.action import AddLabels, RemoveLabels
from bot.model.facts import PullState
from bot.model.holds import Hold
from bot.model.ports_store import wake
from bot.model.subject import environment, pull
from bot.run.acts import carry_out
from bot.run.commands.asked import RULES_INVALID, Answer, Asked

SHOWN = 200
"""Characters of a reason that are shown."""


def where(asked: Asked[grammar.Hold | grammar.Unhold]) -> str | None:
    """The environment whose roles count: the named one, or that of the pull request."""
    return asked.command.environment or asked.look.environment


def hold(asked: Asked[grammar.Hold]) -> Answer:
    """Puts the hold on record, then labels the pull request for everybody to see."""
    command = asked.command
    wrong = _unclear(asked, command.environment)
    if wrong is not None:
        return wrong
    look, number = asked.look, asked.look.snapshot.pull.number
    placed = Hold(
        repository_id=look.snapshot.repository.id,
        environment=command.environment,
        pull=None if command.environment else number,
        reason=command.reason or "",
        by=asked.by,
        at=look.house.clock(),
    )
    what = code(command.environment) if command.environment else "This pull request"
    with look.house.store.together():
        why = command.reason or f"{what} is held"
        said_now = asked.note("hold", "done", why, environment=command.environment)
        fresh = look.house.store.holds.place(placed)
    if said_now and not fresh:
        return f"{what} is held already."
    if command.environment:
        _wake(asked, command.environment)
    else:
        label = AddLabels(
            because=f"held by {asked.by.login}",
            number=number,
            node_id=look.snapshot.pull.node_id,
            labels=(names.HOLD_LABEL,),
        )
        carry_out(look.house, asked.cause, look.snapshot.repository, [label])
    why = f" ({defang(command.reason, SHOWN)})" if command.reason else ""
    lift = f"/unhold {command.environment}" if command.environment else "/unhold"
    return f"{what} stays where it is{why}: nothing is merged until `{lift}`."


def unhold(asked: Asked[grammar.Unhold]) -> Answer:
    """Lets it go, whoever held it, and takes the label off."""
    command = asked.command
    wrong = _unclear(asked, command.environment)
    if wrong is not None:
        return wrong
    look, seen = asked.look, asked.look.snapshot.pull
    what = code(command.environment) if command.environment else "This pull request"
    with look.house.store.together():
        said_now = asked.note("unhold", "done", f"{what} is let go", environment=command.environment)
        released = look.house.store.holds.release(
            look.snapshot.repository.id,
            command.environment,
            None if command.environment else seen.number,
            asked.by,
            look.house.clock(),
        )
    # What was read of the labels is from before a `/hold` that this look has obeyed, such as one of the same comment.
    labelled = command.environment is None and (released or names.HOLD_LABEL in seen.labels)
    if labelled:
        label = RemoveLabels(
            because=f"let go by {asked.by.login}",
            number=seen.number,
            node_id=seen.node_id,
            labels=(names.HOLD_LABEL,),
        )
        carry_out(look.house, asked.cause, look.snapshot.repository, [label])
    if said_now and not released and not labelled:
        return f"{what} is not held."
    if command.environment:
        _wake(asked, command.environment)
    else:
        wake(look.house.store, look.subject)
    return f"{what} moves again."


def _unclear(asked: Asked[grammar.Command], name: str | None) -> str | None:
    look = asked.look
    if name is None:
        closed = look.snapshot.pull.state is not PullState.OPEN
        return "This pull request is closed; name an environment: `/hold <environment>`." if closed else None
    if look.policy is None:
        return RULES_INVALID
    if look.policy.environment(name) is None:
        listed = ", ".join(code(each.name) for each in look.policy.environments)
        return f"{code(name)} is not an environment; there are {listed}."
    return None


def _wake(asked: Asked[grammar.Command], name: str) -> None:
    """The environment, and its open pull requests, which show the hold."""
    look, store = asked.look, asked.look.house.store
    installation, repository = look.subject.installation_id, look.snapshot.repository.id
    wake(store, environment(installation, repository, name))
    for promotion in store.promotions.open_of(repository):
        if promotion.environment == name:
            wake(store, pull(installation, repository, promotion.pull_number))
