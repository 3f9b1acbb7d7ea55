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
from bot.run.commands.asked import Answer, Asked
from bot.run.house import note

SHOWN = 200
"""Characters of a reason that are shown."""


def where(asked: Asked) -> str | None:
    """The environment whose roles count: the named one, or that of the pull request."""
    command = asked.command
    named = command.environment if isinstance(command, grammar.Hold | grammar.Unhold) else None
    return named or asked.look.environment


def hold(asked: Asked) -> Answer:
    """Puts the hold on record, then labels the pull request for everybody to see."""
    command = asked.command
    if not isinstance(command, grammar.Hold):
        raise TypeError(f"{command.name} is no /hold")
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
    _note(asked, "hold", command.reason or f"{what} is held", command.environment)
    if not look.house.store.holds.place(placed):
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


def unhold(asked: Asked) -> Answer:
    """Lets it go, whoever held it, and takes the label off."""
    command = asked.command
    if not isinstance(command, grammar.Unhold):
        raise TypeError(f"{command.name} is no /unhold")
    wrong = _unclear(asked, command.environment)
    if wrong is not None:
        return wrong
    look, seen = asked.look, asked.look.snapshot.pull
    what = code(command.environment) if command.environment else "This pull request"
    labelled = command.environment is None and names.HOLD_LABEL in seen.labels
    _note(asked, "unhold", f"{what} is let go", command.environment)
    released = look.house.store.holds.release(
        look.snapshot.repository.id,
        command.environment,
        None if command.environment else seen.number,
        asked.by,
        look.house.clock(),
    )
    if labelled:
        label = RemoveLabels(
            because=f"let go by {asked.by.login}",
            number=seen.number,
            node_id=seen.node_id,
            labels=(names.HOLD_LABEL,),
        )
        carry_out(look.house, asked.cause, look.snapshot.repository, [label])
    if not released and not labelled:
        return f"{what} is not held."
    if command.environment:
        _wake(asked, command.environment)
    else:
        wake(look.house.store, look.subject)
    return f"{what} moves again."


def _unclear(asked: Asked, name: str | None) -> str | None:
    look = asked.look
    if name is None:
        closed = look.snapshot.pull.state is not PullState.OPEN
        return "This pull request is closed; name an environment: `/hold <environment>`." if closed else None
    if look.policy is None:
        return "The rules file of the default branch is invalid; mend it first. See the check run `/ config`."
    if look.policy.environment(name) is None:
        listed = ", ".join(code(each.name) for each in look.policy.environments)
        return f"{code(name)} is not an environment; there are {listed}."
    return None


def _wake(asked: Asked, name: str) -> None:
    """The environment, and its open pull requests, which show the hold."""
    look, store = asked.look, asked.look.house.store
    installation, repository = look.subject.installation_id, look.snapshot.repository.id
    wake(store, environment(installation, repository, name))
    for promotion in store.promotions.open_of(repository):
        if promotion.environment == name:
            wake(store, pull(installation, repository, promotion.pull_number))


def _note(asked: Asked, event: str, why: str, environment: str | None) -> None:
    look, seen = asked.look, asked.look.snapshot.pull
    note(
        look.house, look.subject, event, "done", why,
        pull_number=seen.number, head_sha=seen.head_sha, delivery_id=asked.delivery_id,
        actor_id=asked.by.id, actor_login=asked.by.login,
        details={"door": asked.door.value, **({"environment": environment} if environment else {})},
    )  # fmt: skip
