"""A hotfix's postmortem, an issue that is kept at what is on record (row R7)."""

from __future__ import annotations

from bot.decide.hotfix import postmortem
from bot.model.facts import Repository
from bot.model.hotfix import Hotfix
from bot.model.subject import Subject
from bot.run import issues
from bot.run.house import House, note


def write_up(house: House, subject: Subject, repository: Repository, hotfix: Hotfix) -> int | None:
    """Opened once a hotfix, renewed when it has gone further or a debt has ended; its number, None while GitHub takes
    no issue."""
    debts = house.store.debts.of(hotfix.id)
    if not debts:
        return None
    number = issues.keep(
        house, subject, repository, postmortem.issue(hotfix, debts, _source_url(house, hotfix))
    )
    if number is not None and hotfix.postmortem is None:
        with house.store.together():
            note(
                house, subject, "postmortem", "done", f"#{number} is where {hotfix.release_id} is written up",
                pull_number=debts[0].pull_number,
                details={"hotfix": hotfix.release_id, "issue": number, "environment": debts[0].environment},
                once=f"postmortem {hotfix.id}",
            )  # fmt: skip
            house.store.hotfixes.tell(hotfix.id, number)
    return number


def _source_url(house: House, hotfix: Hotfix) -> str:
    app = house.store.repositories.find(hotfix.source_repository_id)
    return f"{house.web_url}/{app.full_name}" if app else house.web_url
