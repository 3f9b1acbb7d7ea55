"""A look at an installation: which repositories does it cover, and which of them hold rules?"""

from __future__ import annotations

from bot.model.ports_store import wake
from bot.model.subject import Subject, repository
from bot.run.house import House, Looked
from bot.run.seen import ask_all


def look_installation(house: House, subject: Subject) -> Looked:
    """Renews what is known of the installation, and looks at each config repository that is new."""
    discover(house, subject.installation_id)
    configs = house.store.repositories.config_of(subject.installation_id)
    for each in configs:
        ask_all(house, each.id)
        wake(house.store, repository(subject.installation_id, each.id))
    return Looked(outcome=f"{len(configs)} config repositories")


def discover(house: House, installation_id: int) -> None:
    """Reads all repositories of the installation and puts on record which of them hold a rules file."""
    github = house.whole_installation(installation_id)
    found = github.repositories()
    rules = github.rules_files([each.id for each in found]) if found else ()
    config_ids = {file.repository.id for file in rules if file.files}
    house.store.repositories.put(installation_id, found, config_ids, house.clock())
