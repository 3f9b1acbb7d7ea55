"""The breaker has opened: told once, in an issue and on the last rollback's incident."""

from __future__ import annotations

from bot.decide.rollback import RollbackFacts, incident
from bot.decide.rollback import breaker as words
from bot.decide.rollback.rails import counted
from bot.model.subject import Subject
from bot.run import issues
from bot.run.house import House, note


def tell(house: House, subject: Subject, facts: RollbackFacts) -> None:
    """Opens the issue; however many wishes are stopped after that, it is one."""
    recent, repository = counted(facts), facts.snapshot.repository
    if not recent:
        return
    told = f"breaker told:{repository.id}:{words.key(recent)}"
    if house.store.marks.get(told):
        return
    wanted = words.issue(facts, recent)
    number = issues.keep(house, subject, repository, wanted)
    if number is None:
        return
    note(
        house, subject, "breaker", "done", wanted.title,
        details={
            "environment": facts.environment.name, "issue": number, "used": len(recent),
            "limit": facts.environment.rollback.breaker_max, "rollback": facts.record.id,
        },
        once=f"breaker {repository.id}#{number}",
    )  # fmt: skip
    line = f"The breaker is open: from now on only people roll {facts.environment.name} back (#{number})."
    issues.tell(house, subject, repository, incident.key(recent[0]), line, wanted.title)
    house.store.marks.put(told, number)
