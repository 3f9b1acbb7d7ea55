"""Lockstep's own issues, kept as they are wanted: incidents, postmortems, alarms. One mechanism for all of them.

What was opened and told is remembered in the store and marked on GitHub, so a crash in between doubles nothing. What
GitHub refuses (no permission, issues switched off) is written down once and hinders nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.decide.text import plain
from bot.errors import InstallationGone, Terminal
from bot.model.action import Action, CommentOnIssue, OpenIssue, Receipt, RenewIssue
from bot.model.evidence import sha256_of
from bot.model.facts import Repository
from bot.model.issue import Issue
from bot.model.subject import Subject
from bot.run.acts import Cause, carry_out
from bot.run.house import House, note

AGAIN = timedelta(hours=1)
"""When it is tried again after GitHub refused."""
TOLD = 200
"""Comments of one issue that are remembered here; GitHub knows the rest by their markers."""


def keep(house: House, subject: Subject, repository: Repository, issue: Issue) -> int | None:
    """Opens the issue once, renews its facts when they have changed, closes it when it is over; its number.

    None while GitHub refuses. Asking again with the same issue is quiet. Raises Retryable and Stale as every act does.
    """
    place = _key(repository.id, issue.key)
    mark = house.store.marks.get(place) or {}
    wanted = {"facts": sha256_of(issue.facts.encode()), "closed": issue.closed}
    if mark.get("number") is None:
        if _waits(house, mark):
            return None

        def opened(made: Receipt) -> dict[str, Any]:
            fresh = {} if made.result.get("found") else {"facts": wanted["facts"], "closed": False}
            return {"number": int(made.result["number"]), **fresh}

        made = _carried(house, subject, repository, place, _opening(issue), opened)
        if made is None:
            return None
        mark = made
    number = int(mark["number"])
    if {name: mark.get(name) for name in wanted} != wanted and not _waits(house, mark):
        renewing = RenewIssue(
            because=f"{issue.title}: {'over' if issue.closed else 'there is news'}",
            number=number,
            facts=issue.facts,
            closed=issue.closed,
            reopens=issue.stands and not issue.closed,
        )
        _carried(
            house, subject, repository, place, renewing, lambda _: {**_remembered(house, place), **wanted}
        )
    return number


def tell(house: House, subject: Subject, repository: Repository, key: str, line: str, because: str) -> bool:
    """A comment on the issue of that key, once for each text; False when there is no such issue, or GitHub refuses.

    `line` is Markdown, safe to show.
    """
    place = _key(repository.id, key)
    mark = _remembered(house, place)
    digest = sha256_of(line.encode()).removeprefix("sha256:")[:16]
    told = list(mark.get("told", ()))
    if digest in told:
        return True
    if mark.get("number") is None or _waits(house, mark):
        return False
    marker = f"<!-- lockstep:told:{digest} -->"
    saying = CommentOnIssue(because=because, number=int(mark["number"]), marker=marker, body=line)
    kept = {**mark, "told": [*told, digest][-TOLD:]}
    return _carried(house, subject, repository, place, saying, lambda _: kept) is not None


def number_of(house: House, repository_id: int, key: str) -> int | None:
    """The number of the issue of that key, when it was opened."""
    number = _remembered(house, _key(repository_id, key)).get("number")
    return int(number) if number is not None else None


def is_open(house: House, repository_id: int, key: str) -> bool:
    """Whether the issue of that key was opened, and was not closed by us since."""
    mark = _remembered(house, _key(repository_id, key))
    return mark.get("number") is not None and not mark.get("closed")


def _key(repository_id: int, key: str) -> str:
    return f"issue:{repository_id}:{key}"


def _remembered(house: House, place: str) -> dict[str, Any]:
    return dict(house.store.marks.get(place) or {})


def _waits(house: House, mark: dict[str, Any]) -> bool:
    """Whether GitHub refused a short while ago."""
    refused = mark.get("refused_at")
    return refused is not None and house.clock() < datetime.fromisoformat(refused) + AGAIN


def _opening(issue: Issue) -> OpenIssue:
    return OpenIssue(
        because=issue.title, marker=issue.marker, title=issue.title, body=issue.body, labels=issue.labels
    )


def _carried(
    house: House,
    subject: Subject,
    repository: Repository,
    place: str,
    action: Action,
    becomes: Callable[[Receipt], dict[str, Any]],
) -> dict[str, Any] | None:
    """What the issue's mark became of the receipt; None when GitHub refuses, which is remembered and on record."""
    marks: list[dict[str, Any]] = []

    def keep(receipts: Sequence[Receipt]) -> None:
        marks.append(becomes(receipts[0]))
        house.store.marks.put(place, marks[0])

    try:
        carry_out(house, Cause(subject=subject), repository, [action], keep)
        return marks[0]
    except InstallationGone:
        raise
    except Terminal as error:
        why = f"GitHub takes no issue: {error}; the App needs issues: write, and the repository its issues"
        refused = {**_remembered(house, place), "refused_at": house.clock().isoformat()}
        with house.store.together():
            note(house, subject, "issue", "failed", plain(why, 500), details={"issue": place})
            house.store.marks.put(place, refused)
        return None
