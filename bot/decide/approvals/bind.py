"""Which approvals hold for what the pull request brings now (row B1, attack cases 48, 56, 58)?

An approval is put on record with the content's identity the first time it is seen, and holds while that stays the same,
whatever the head commit is called. Nothing is bound to a head that its author did not look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.decide.approvals.identity import differences
from bot.decide.approvals.voices import Stance, Yes, stances
from bot.model.approval_facts import (
    ApprovalRecord,
    ApproveComment,
    Cancellation,
    ContentIdentity,
    PullAt,
    Review,
    Via,
)
from bot.model.facts import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """An approval that does not hold for this content; `why` is a sentence that says what to do."""

    person: Actor
    via: Via
    source_id: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Everybody's voice, tied to the content."""

    given: tuple[Yes, ...]
    """The yeses to this very content, one a person, whoever they are: whether they count is asked elsewhere."""
    objectors: tuple[Actor, ...]
    tampered: tuple[tuple[Actor, Actor], ...]
    """Whose `/approve` was edited by whom, and not given again since."""
    voided: tuple[Voided, ...]
    fresh: tuple[ApprovalRecord, ...]
    """To be kept by the store before anything rests on them; among them such as do not hold."""
    notes: tuple[str, ...]


def bind(
    at: PullAt,
    records: Iterable[ApprovalRecord],
    reviews: Iterable[Review],
    comments: Iterable[ApproveComment],
    identity_now: ContentIdentity,
    *,
    cancellations: Iterable[Cancellation] = (),
    changed_at: datetime | None = None,
) -> Bound:
    """Ties what people said to the content of now.

    `records` of other pull requests are ignored, even with the same head. `changed_at`: when the head or the base last
    changed, if that is known; an approval from before that is not on record can only have meant something else.
    """
    known = {
        (record.via, record.source_id, record.person_id): record
        for record in records
        if (record.repository_id, record.pull) == (at.repository_id, at.pull)
    }
    given: list[Yes] = []
    voided: list[Voided] = []
    fresh: list[ApprovalRecord] = []
    everybody = stances(reviews, comments, cancellations)
    for stance in everybody:
        judged = [
            _judge(yes, known.get((yes.via, yes.source_id, yes.person.id)), at, identity_now, changed_at)
            for yes in stance.yes
        ]
        fresh += [each.record for each in judged if each.record is not None]
        holding = [each.yes for each in judged if each.void is None]
        if holding:
            given.append(holding[-1])
        else:
            voided += [each.void for each in judged[-1:] if each.void is not None]
    return Bound(
        given=tuple(given),
        objectors=tuple(stance.person for stance in everybody if stance.objection is not None),
        tampered=_tampered(everybody),
        voided=tuple(voided),
        fresh=tuple(fresh),
        notes=tuple(note for stance in everybody for note in stance.notes),
    )


def _tampered(everybody: Sequence[Stance]) -> tuple[tuple[Actor, Actor], ...]:
    return tuple((stance.person, stance.tampered) for stance in everybody if stance.tampered is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    yes: Yes
    void: Voided | None
    record: ApprovalRecord | None = None
    """When it has to be made."""


def _judge(
    yes: Yes,
    record: ApprovalRecord | None,
    at: PullAt,
    now: ContentIdentity,
    changed_at: datetime | None,
) -> _Judged:
    if record is not None:
        return _Judged(yes=yes, void=_compared(yes, record.identity, now))
    stale = _stale(yes, at, changed_at)
    if stale is not None:
        why = f"{yes.person.login}'s approval does not hold: head moved, re-approve ({stale})"
        void = Voided(person=yes.person, via=yes.via, source_id=yes.source_id, why=why)
        return _Judged(yes=yes, void=void)
    made = ApprovalRecord(
        person_id=yes.person.id,
        person_login=yes.person.login,
        repository_id=at.repository_id,
        pull=at.pull,
        head_sha=at.head_sha,
        identity=now,
        given_at=yes.at,
        via=yes.via,
        source_id=yes.source_id,
    )
    return _Judged(yes=yes, void=_compared(yes, now, now), record=made)


def _stale(yes: Yes, at: PullAt, changed_at: datetime | None) -> str | None:
    """Why a yes that is not on record cannot be to this head; None: it is."""
    if yes.head_sha is None:
        return "nobody can tell which head it was given to"
    if yes.head_sha != at.head_sha:
        return f"it was given to {yes.head_sha[:7]}"
    # GitHub's times are whole seconds. A review tells its commit itself; a comment of the same second may be either.
    if changed_at is not None and (yes.at < changed_at or (yes.at == changed_at and yes.via is Via.COMMENT)):
        return "it was given before the last push or change of the base"
    return None


def _compared(yes: Yes, then: ContentIdentity, now: ContentIdentity) -> Voided | None:
    found = differences(then, now)
    if not found:
        return None
    shown = "; ".join(found[:3]) + (f"; and {len(found) - 3} more" if len(found) > 3 else "")
    why = f"{yes.person.login}'s approval of {(yes.head_sha or '?')[:7]} is void: {shown}. Approve again."
    return Voided(person=yes.person, via=yes.via, source_id=yes.source_id, why=why)
