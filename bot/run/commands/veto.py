"""`/veto lift <component> [<tag or digest>] reason: …`: what was rolled back may be proposed again (B3)."""

from __future__ import annotations

from bot.decide import commands as grammar
from bot.decide.text import code, defang
from bot.model.image import short_digest
from bot.model.ports_store import wake
from bot.model.rollback import Veto
from bot.model.subject import environment, pull
from bot.run.commands.asked import Answer, Asked

SHOWN = 200
"""Characters of a reason that are shown."""


def where(asked: Asked[grammar.LiftVeto]) -> str | None:
    """The environment where it went wrong: those who may roll back there may lift the veto."""
    found = _meant(asked)
    return asked.look.environment if isinstance(found, str) else found.environment


def lift(asked: Asked[grammar.LiftVeto]) -> Answer:
    """Lifts it, on record first, and wakes every environment: the release may be proposed again."""
    look, command, found = asked.look, asked.command, _meant(asked)
    if isinstance(found, str):
        return found
    what = f"{found.component} {found.tag} {found.digest}"
    with look.house.store.together():
        asked.note(
            "veto_lifted",
            "done",
            f"{what} is no longer vetoed: {command.reason}",
            environment=found.environment,
            component=found.component,
            digest=found.digest,
        )
        look.house.store.vetoes.lift(found, asked.by, command.reason, look.house.clock())
    installation, repository = look.subject.installation_id, look.snapshot.repository.id
    for each in look.policy.environments if look.policy else ():
        wake(look.house.store, environment(installation, repository, each.name))
    for promotion in look.house.store.promotions.open_of(repository):
        wake(look.house.store, pull(installation, repository, promotion.pull_number))
    return (
        f"{found.component} {code(found.tag)} {code(short_digest(found.digest))} may be proposed again "
        f"({defang(command.reason, SHOWN)}). A hold stays until `/unhold {found.environment}`."
    )


def _meant(asked: Asked[grammar.LiftVeto]) -> Veto | str:
    """The one veto that is meant, or what is unclear."""
    look, command = asked.look, asked.command
    active = look.house.store.vetoes.active(look.snapshot.repository.id)
    found = [
        each
        for each in active
        if each.component == command.component and command.which in (None, each.tag, each.digest)
    ]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(
        f"{each.component} {code(each.tag)} {code(short_digest(each.digest))}" for each in active
    )
    if not found:
        return f"No veto of {code(command.component)} is in force." + (
            f" There are: {listed}." if listed else ""
        )
    return f"Several are vetoed: {listed}. Name one: `/veto lift {command.component} <tag or digest> reason: <words>`."
