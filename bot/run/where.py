"""Which config repository somebody at the command line means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import UserError
from bot.model.facts import Repository
from bot.run.house import House
from bot.run.installation import discover


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A config repository and the installation that it belongs to."""

    installation_id: int
    repository: Repository


def config_repository(house: House, installations: Iterable[int], name: str | None) -> Place:
    """The config repository called `name` (`owner/name`, any case), or the only one there is.

    An installation that this database does not know yet is read first, as a worker would. Raises UserError that lists
    what there is, Retryable when GitHub does not answer.
    """
    found: list[Place] = []
    for each in installations:
        if not house.store.repositories.is_known(each):
            discover(house, each)
        found += [
            Place(installation_id=each, repository=repository)
            for repository in house.store.repositories.config_of(each)
        ]
    meant = [each for each in found if name is None or each.repository.full_name.lower() == name.lower()]
    if len(meant) == 1:
        return meant[0]
    listed = ", ".join(sorted(each.repository.full_name for each in found)) or "none"
    if name is not None:
        raise UserError(
            f"--repository {name} is no config repository of this App: it is not installed there, or there is no "
            f"promotion/promotion-rules.yaml on the default branch. There are: {listed}."
        )
    raise UserError(
        f"Say which config repository is meant with --repository owner/name. There are: {listed}."
    )
