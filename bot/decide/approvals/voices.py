"""What does each person say now? Reviews, `/approve` and `/approve cancel` in the order of time, one voice a person.

COMMENTED and PENDING say nothing; DISMISSED takes back what was said before; changes requested stand until the same
person approves or the review is dismissed (attack cases 58, 63, 64).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.approval_facts import ApproveComment, Cancellation, Review, ReviewState, Via
from bot.model.facts import Actor, Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Yes:
    """One approval; `head_sha` is the head it was given to, None when that cannot be told."""

    person: Actor
    head_sha: str | None
    at: datetime
    via: Via
    source_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """A person's voice: the approvals that stand, or the objection, never both."""

    person: Actor
    yes: tuple[Yes, ...] = ()
    objection: datetime | None = None
    """When changes were requested, if that stands."""
    tampered: Actor | None = None
    """Who edited this person's latest `/approve`, when somebody else did."""
    notes: tuple[str, ...] = ()
    """What was said and does not stand, a sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """`kind` sorts at equal times: what says no comes later, so it wins."""

    at: datetime
    kind: int
    yes: Yes | None = None
    edited_by: Actor | None = None
    note: str = ""


_YES, _TAMPERED, _NOTHING, _NO = range(4)


def stances(
    reviews: Iterable[Review], comments: Iterable[ApproveComment], cancellations: Iterable[Cancellation]
) -> tuple[Stance, ...]:
    """Everybody who said something that matters, by login and id."""
    people: dict[int, Actor] = {}
    events: dict[int, list[_Event]] = {}
    for person, event in _events(reviews, comments, cancellations):
        people[person.id] = person
        events.setdefault(person.id, []).append(event)
    order = sorted(people.values(), key=lambda person: (person.login.lower(), person.id))
    return tuple(_stance(person, events[person.id]) for person in order)


def _events(
    reviews: Iterable[Review], comments: Iterable[ApproveComment], cancellations: Iterable[Cancellation]
) -> Iterator[tuple[Actor, _Event]]:
    for review in reviews:
        event = _of_review(review)
        if event is not None:
            yield review.author, event
    for comment in comments:
        yield comment.author, _of_comment(comment)
    for cancel in cancellations:
        note = f"{cancel.author.login} took the approval back"
        yield cancel.author, _Event(at=cancel.created_at, kind=_NOTHING, note=note)


def _of_review(review: Review) -> _Event | None:
    at, login = review.submitted_at, review.author.login
    if at is None or review.state in (ReviewState.COMMENTED, ReviewState.PENDING):
        return None
    if review.state is ReviewState.CHANGES_REQUESTED:
        return _Event(at=at, kind=_NO)
    if review.state is ReviewState.DISMISSED:
        return _Event(at=at, kind=_NOTHING, note=f"{login}'s review was dismissed")
    yes = Yes(person=review.author, head_sha=review.commit_sha, at=at, via=Via.REVIEW, source_id=review.id)
    return _Event(at=at, kind=_YES, yes=yes)


def _of_comment(comment: ApproveComment) -> _Event:
    """Edited or deleted, a comment approves nothing; edited by another, it is an alarm (attack case 64)."""
    at, login, editor = comment.created_at, comment.author.login, comment.edited_by
    if comment.deleted:
        return _Event(at=at, kind=_YES, note=f"{login}'s `/approve` was deleted, which takes it back")
    if isinstance(editor, Unknown):
        note = f"{login}'s `/approve` was edited, nobody knows by whom ({editor.why}), and does not count"
        return _Event(at=at, kind=_YES, note=note)
    if editor is not None and editor.id != comment.author.id:
        note = f"{login}'s `/approve` was edited by {editor.login} and does not count"
        return _Event(at=at, kind=_TAMPERED, edited_by=editor, note=note)
    if editor is not None:
        return _Event(at=at, kind=_YES, note=f"{login} edited the `/approve`, which takes it back")
    head = None if isinstance(comment.head_sha, Unknown) else comment.head_sha
    yes = Yes(person=comment.author, head_sha=head, at=at, via=Via.COMMENT, source_id=comment.comment_id)
    return _Event(at=at, kind=_YES, yes=yes)


def _stance(person: Actor, events: Sequence[_Event]) -> Stance:
    ordered = sorted(events, key=lambda event: (event.at, event.kind))
    yes: list[Yes] = []
    objection: datetime | None = None
    tampered: Actor | None = None
    for event in ordered:
        if event.kind == _TAMPERED:
            tampered = event.edited_by
        elif event.kind == _YES and event.yes is None:
            continue
        elif event.yes is not None:
            yes.append(event.yes)
            objection = tampered = None
        else:
            yes.clear()
            tampered = None
            objection = event.at if event.kind == _NO else None
    notes = tuple(event.note for event in ordered if event.note)
    return Stance(person=person, yes=tuple(yes), objection=objection, tampered=tampered, notes=notes)
