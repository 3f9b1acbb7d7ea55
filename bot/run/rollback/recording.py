"""What is kept of a rollback once its environment has looked at it: opened, refused, or stopped by a lock."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide import names
from bot.decide.rollback import Lock, Plan, Refused, RollbackFacts
from bot.decide.rollback.rails import BREAKER
from bot.decide.rollback.wording import answer as opened_answer
from bot.decide.rollback.wording import next_step
from bot.model.image import ComponentTag
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, PromotionState
from bot.model.rollback import RollbackRecord, RollbackState
from bot.model.subject import Subject, pull
from bot.run.acts import Cause
from bot.run.answering import answered
from bot.run.house import House, is_news, note
from bot.run.rollback import breaker
from bot.run.rollback.asking import tell_incident
from bot.run.rollback.keeping import keep_back

PASSING = frozenset({"cooldown", "open_already", BREAKER})
"""Locks that open by themselves: an alert that goes on is asked about again."""


def recorded(
    house: House,
    subject: Subject,
    github: GitHub,
    facts: RollbackFacts,
    found: Plan,
    number: int,
    head_sha: str,
) -> str:
    """Veto and hold first, then the records that make the pull request ours, then the answer."""
    record, repository = facts.record, facts.snapshot.repository
    keep_back(house, subject, record, found, number, github.bot_id)
    before = house.store.promotions.by_pull(repository.id, number)
    by = record.ask.by
    house.store.promotions.opened(
        Promotion(
            installation_id=subject.installation_id,
            config_repository_id=repository.id,
            environment=facts.environment.name,
            source=found.bump.promotion.source,
            pull_number=number,
            branch=names.rollback_branch(facts.environment.name, record.id),
            head_sha=head_sha,
            components=dict(found.after),
            release_ids=found.release_ids,
            requested_by_id=by.id if by else None,
            requested_by_login=by.login if by else None,
            state=PromotionState.OPEN,
            opened_at=before.opened_at if before else house.clock(),
            kind=PromotionKind.ROLLBACK,
        )
    )
    said = opened_answer(found.title, number)
    if record.state is RollbackState.ASKED:
        # Before it is on record as open, after which nobody comes by here again.
        _note(
            house,
            subject,
            record,
            "rollback",
            "done",
            said,
            {"lock": "", **_tags(found.before, found.after)},
            number,
            once=f"rollback {record.id} #{number}",
        )
        left = "".join(f"\n- {each}." for each in found.left_out.values())
        _answer(house, subject, github, record, f"{said}. {next_step(facts.environment)}{left}")
    house.store.rollbacks.opened(
        record.id,
        pull_number=number,
        undoes=found.bump.promotion.pull_number,
        before=found.before,
        after=found.after,
        answer=found.title,
        at=record.opened_at or house.clock(),
    )
    wake(house.store, pull(subject.installation_id, repository.id, number))
    tell_incident(house, record.ask)
    return said


def _tags(before: Mapping[str, ComponentTag], after: Mapping[str, ComponentTag]) -> dict[str, str]:
    return {name: f"{before[name].digest} -> {tag.digest}" for name, tag in after.items() if name in before}


def shut(house: House, subject: Subject, facts: RollbackFacts, lock: Lock) -> str:
    """A locked door is a ledger row that names the lock (attack case 84); an open breaker is told to people as well."""
    record = facts.record
    state = RollbackState.LOCKED if lock.name in PASSING else RollbackState.REFUSED
    with house.store.together():
        if is_news(house, subject, f"rollback {record.id}", lock.name):
            _note(house, subject, record, "rollback_locked", "refused", lock.why, {"lock": lock.name}, None)
    if lock.name == BREAKER:
        breaker.tell(house, subject, facts)
    house.store.rollbacks.settled(record.id, state, lock.why)
    tell_incident(house, record.ask)
    return f"No automatic rollback: {lock.why}"


def turned_down(
    house: House, subject: Subject, github: GitHub, record: RollbackRecord, refused: Refused
) -> str:
    lock, once = {"lock": refused.code}, f"rollback {record.id} refused"
    _note(house, subject, record, "rollback", "refused", refused.why, lock, None, once)
    # Answered before it is on record as settled, after which nobody comes by here again.
    _answer(house, subject, github, record, refused.why)
    house.store.rollbacks.settled(record.id, RollbackState.REFUSED, refused.why)
    tell_incident(house, record.ask)
    return refused.why


def _answer(house: House, subject: Subject, github: GitHub, record: RollbackRecord, said: str) -> None:
    """Where it was asked; who asked at the command line reads the record."""
    ask = record.ask
    if ask.comment_id is None or ask.by is None or not ask.asked_on:
        return
    answered(
        house,
        cause_of(subject, record),
        github,
        ask.config_repository_id,
        ask.asked_on,
        names.answer_marker(ask.comment_id, f"rollback {record.id}"),
        said,
        because=f"answers `/rollback` of {ask.by.login}",
    )


def _note(
    house: House,
    subject: Subject,
    record: RollbackRecord,
    event: str,
    decision: str,
    why: str,
    details: Mapping[str, str],
    number: int | None,
    once: str | None = None,
) -> None:
    ask = record.ask
    note(
        house, subject, event, decision, why, once=once,
        pull_number=number or ask.asked_on or None, head_sha=None if number else ask.head_sha,
        delivery_id=ask.delivery_id,
        actor_id=ask.by.id if ask.by else None, actor_login=ask.by.login if ask.by else None,
        details={
            "rollback": record.id, "trigger": ask.trigger, "alert": ask.alert or "",
            "components": ", ".join(ask.components), **details,
        },
    )  # fmt: skip


def cause_of(subject: Subject, record: RollbackRecord) -> Cause:
    by = record.ask.by
    return Cause(
        subject=subject,
        delivery_id=record.ask.delivery_id,
        actor_id=by.id if by else None,
        actor_login=by.login if by else None,
    )
