"""A rollback asked for without a comment: authorized like `/rollback`, and put on record (attack case 71)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import UserError
from bot.model.door import Door
from bot.model.facts import Actor
from bot.model.rollback import TARGET, RollbackAsk, is_target
from bot.run import rules
from bot.run.commands.permit import permitted_at
from bot.run.commands.rollback import by_source, unknown_component
from bot.run.house import House
from bot.run.rollback import ask
from bot.run.where import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackWish:
    """What somebody at the command line wants."""

    place: Place
    environment: str
    components: tuple[str, ...]
    to: str | None
    reason: str
    asker: Actor
    key: str


def wish_for(house: House, wish: RollbackWish) -> tuple[int, ...] | str:
    """The ids of what was put on record, or the sentence of the authorizer's no.

    Raises UserError for a name that the rules do not know, and for invalid rules.
    """
    place = wish.place
    github = house.github(place.installation_id)
    file = next(iter(github.rules_files([place.repository.id])), None)
    policy = rules.of(house, file).policy if file is not None else None
    if policy is None:
        raise UserError(f"the rules of {place.repository.full_name} cannot be read; see `lockstep check`")
    if policy.environment(wish.environment) is None:
        listed = ", ".join(each.name for each in policy.environments)
        raise UserError(f"{wish.environment} is not an environment of {policy.path}; there are {listed}.")
    unknown = unknown_component(policy, wish.components)
    if unknown is not None:
        raise UserError(unknown)
    if wish.to is not None and not is_target(wish.to):
        raise UserError(f"--to is neither {TARGET}.")
    permit = permitted_at(house, place, policy, "rollback", wish.environment, wish.asker, Door.TERMINAL)
    if not permit.allowed:
        return permit.reason
    found = [
        ask(
            house,
            RollbackAsk(
                installation_id=place.installation_id,
                config_repository_id=place.repository.id,
                environment=wish.environment,
                key=f"{wish.key}:{source}",
                trigger="person",
                components=components,
                to=wish.to,
                reason=wish.reason,
                by=wish.asker,
                asked_at=house.clock(),
            ),
        )
        for source, components in by_source(policy, wish.components)
    ]
    return tuple(each for each in found if each is not None)
