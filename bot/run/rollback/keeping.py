"""What keeps a rolled back release away: the veto on its digests, and the hold on the environment (rows B3, R6).

Both stand from the moment the rollback's pull request is open, so that nothing goes forward while it is reviewed, and
both are taken back when it is closed without a merge, but for what another rollback has found in force and needs too.
"""

from __future__ import annotations

from datetime import datetime

from bot.decide.rollback import Plan
from bot.model.facts import Actor
from bot.model.holds import Hold
from bot.model.image import ComponentTag
from bot.model.rollback import LANDED, RollbackRecord, RollbackState, Veto
from bot.model.subject import Subject
from bot.run.house import House, note, whole

ELSEWHERE = 200
"""The newest rollbacks of every environment among which one is looked for that needs a veto too."""


@whole
def keep_back(
    house: House, subject: Subject, record: RollbackRecord, found: Plan, number: int, bot_id: int
) -> None:
    """Vetoes what the components run now, and holds the environment; what stands already stays as it is."""
    us = Actor(id=bot_id, login="lockstep")
    for name, tag in sorted(found.before.items()):
        _veto(house, subject, record, number, us, name, tag)
    _hold(house, subject, record, number, us)


@whole
def let_go(
    house: House, subject: Subject, record: RollbackRecord, number: int, by: Actor, bot_id: int
) -> None:
    """Takes back what this rollback placed: nothing was rolled back. What another one relies on goes over to that."""
    repository, why = record.ask.config_repository_id, f"#{number} was closed without a merge"
    us = Actor(id=bot_id, login="lockstep")
    others = [each for each in house.store.rollbacks.recent(ELSEWHERE) if _counts(each, record)]
    for veto in house.store.vetoes.active(repository):
        if veto.rollback_id != record.id or not house.store.vetoes.lift(veto, by, why, house.clock()):
            continue
        heir = next((each for each in others if _needs(each, veto)), None)
        if heir is not None:
            _veto(
                house, subject, heir, heir.pull_number or 0, us, veto.component, heir.before[veto.component]
            )
            continue
        said = f"{veto.component} {veto.tag} is no longer vetoed: {why}"
        note(
            house, subject, "veto_lifted", "done", said, pull_number=number, details={"rollback": record.id}
        )  # fmt: skip
    environment, ours = record.ask.environment, _reason(number, record)
    for hold in house.store.holds.active(repository):
        if hold.environment != environment or hold.reason != ours:
            continue
        house.store.holds.release(repository, environment, None, by, house.clock())
        heir = next(
            (each for each in others if each.ask.environment == environment and _since(each, hold.at)), None
        )
        if heir is not None:
            _hold(house, subject, heir, heir.pull_number or 0, us)
            continue
        note(house, subject, "unhold", "done", why, pull_number=number, details={"rollback": record.id})


def _counts(other: RollbackRecord, record: RollbackRecord) -> bool:
    """Whether it is another rollback of the repository that is open, or has landed."""
    same = other.ask.config_repository_id == record.ask.config_repository_id
    return same and other.id != record.id and other.state in {RollbackState.OPEN, *LANDED}


def _needs(other: RollbackRecord, veto: Veto) -> bool:
    """Whether it would have placed the veto, had it not stood already when it was opened."""
    tag = other.before.get(veto.component)
    return tag is not None and tag.digest == veto.digest and _since(other, veto.at)


def _since(other: RollbackRecord, at: datetime) -> bool:
    """Whether it was opened when that stood; of an older one it was let go by a person before."""
    return other.opened_at is not None and other.opened_at >= at


def _veto(
    house: House,
    subject: Subject,
    record: RollbackRecord,
    number: int,
    us: Actor,
    name: str,
    tag: ComponentTag,
) -> None:
    veto = Veto(
        repository_id=record.ask.config_repository_id,
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


def _hold(house: House, subject: Subject, record: RollbackRecord, number: int, us: Actor) -> None:
    hold = Hold(
        repository_id=record.ask.config_repository_id,
        environment=record.ask.environment,
        reason=_reason(number, record),
        by=us,
        at=house.clock(),
    )
    if house.store.holds.place(hold):
        note(house, subject, "hold", "done", hold.reason, pull_number=number, details={"rollback": record.id})


def _reason(number: int, record: RollbackRecord) -> str:
    return f"rolled back by #{number}: {record.ask.reason}"
