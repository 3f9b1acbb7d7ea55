"""What keeps a rolled back release away: the veto on its digests, and the hold on the environment (rows B3, R6).

Both stand from the moment the rollback's pull request is open, so that nothing goes forward while it is reviewed, and
both are taken back when it is closed without a merge.
"""

from __future__ import annotations

from bot.decide.rollback import Plan
from bot.model.facts import Actor
from bot.model.holds import Hold
from bot.model.rollback import RollbackRecord, Veto
from bot.model.subject import Subject
from bot.run.house import House, note, whole


@whole
def keep_back(
    house: House, subject: Subject, record: RollbackRecord, found: Plan, number: int, bot_id: int
) -> None:
    """Vetoes what the components run now, and holds the environment; what stands already stays as it is."""
    us, repository = Actor(id=bot_id, login="lockstep"), record.ask.config_repository_id
    for name, tag in sorted(found.before.items()):
        veto = Veto(
            repository_id=repository,
            component=name,
            digest=tag.digest,
            tag=tag.tag,
            environment=record.ask.environment,
            reason=record.ask.reason,
            by=record.ask.by or us,
            at=house.clock(),
            rollback_id=record.id,
        )
        if house.store.vetoes.place(veto):
            why = f"{name} {tag.tag} {tag.digest} is vetoed: {record.ask.reason}"
            note(house, subject, "veto", "done", why, pull_number=number, details={"rollback": record.id})
    hold = Hold(
        repository_id=repository,
        environment=record.ask.environment,
        reason=_reason(number, record),
        by=us,
        at=house.clock(),
    )
    if house.store.holds.place(hold):
        note(house, subject, "hold", "done", hold.reason, pull_number=number, details={"rollback": record.id})


@whole
def let_go(house: House, subject: Subject, record: RollbackRecord, number: int, by: Actor) -> None:
    """Takes back what this rollback placed: nothing was rolled back."""
    repository, why = record.ask.config_repository_id, f"#{number} was closed without a merge"
    for veto in house.store.vetoes.active(repository):
        if veto.rollback_id == record.id and house.store.vetoes.lift(veto, by, why, house.clock()):
            said = f"{veto.component} {veto.tag} is no longer vetoed: {why}"
            note(
                house,
                subject,
                "veto_lifted",
                "done",
                said,
                pull_number=number,
                details={"rollback": record.id},
            )
    environment = record.ask.environment
    ours = _reason(number, record)
    for hold in house.store.holds.active(repository):
        if hold.environment == environment and hold.reason == ours:
            house.store.holds.release(repository, environment, None, by, house.clock())
            note(house, subject, "unhold", "done", why, pull_number=number, details={"rollback": record.id})


def _reason(number: int, record: RollbackRecord) -> str:
    return f"rolled back by #{number}: {record.ask.reason}"
