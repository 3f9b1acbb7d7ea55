"""Who is meant: the repository behind a source's name, and repositories that are not where they were (case 25)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide.identity import same_name, wanted_id
from bot.model.facts import Repository
from bot.model.policy import Source
from bot.model.subject import Subject
from bot.run.house import House, Looked, is_news, note, note_news, whole
from bot.run.installation import discover


def app_of(
    house: House, installation_id: int, config_repository_id: int, source: Source
) -> Repository | None:
    """The repository that the rules of a config repository mean, as it is named now; None when it is not here."""
    pins = house.store.pins.of([config_repository_id])[config_repository_id]
    wanted = wanted_id(source, pins)
    if wanted is None:
        return house.store.repositories.named(installation_id, source.repository)
    return house.store.repositories.within(installation_id, wanted)


def is_installed(house: House, subject: Subject, *, told: bool) -> bool:
    """Whether the subject's repository belongs to the installation; one that is told of and not known is looked for.

    GitHub sends no event for a repository that is created where the App is installed on all of them.
    """
    if house.store.repositories.within(subject.installation_id, subject.repository) is not None:
        return True
    if not told:
        return False
    listed = house.whole_installation(subject.installation_id).repositories()
    if subject.repository not in {each.id for each in listed}:
        return False
    discover(house, subject.installation_id)
    return True


def not_installed(house: House, subject: Subject) -> Looked:
    """The end of a job whose repository was taken from the installation, or moved to another account (case 26)."""
    why = f"repository {subject.repository} is not in the installation (any more)"
    note(house, subject, "not_installed", "skipped", why)
    return Looked(outcome=f"skipped: {why}")


@whole
def note_rename(
    house: House, subject: Subject, app: Repository, config: Repository, sources: Sequence[Source]
) -> None:
    """A renamed source goes on working; that the rules say its old name is written down once."""
    old = next((each for each in sources if not same_name(each.repository, app.full_name)), None)
    if is_news(house, subject, f"renamed for {config.id}", app.full_name if old else "") and old:
        why = (
            f"{old.repository} is called {app.full_name} now (repository {app.id}); it is still taken, "
            f"but the rules of {config.full_name} say the old name"
        )
        note(house, subject, "source_renamed", "done", why)


@whole
def note_impostor(
    house: House, subject: Subject, app: Repository, config: Repository, wanted: int | None
) -> None:
    """Somebody else's repository under a source's name: nothing of it is read, and it is written down once."""
    why = (
        f"{app.full_name} is repository {app.id}, but the rules of {config.full_name} mean repository {wanted}; "
        f"if that is wanted, say `id: {app.id}` beside the source's name there"
    )
    note_news(house, subject, "impostor", "refused", why, about=f"impostor for {config.id}")
