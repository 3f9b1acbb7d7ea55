"""Which head of the default branch was looked at, so that no push and no plan wakes anybody for what is seen already.

A merge wakes what follows it at once, and GitHub's own push event says the same a moment later; with many environments
each of those looks is a question to GitHub that can have no other answer. The sweep asks all the same, always.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import uuid4

from bot.model.subject import Subject, environment
from bot.run.house import House


def saw(house: House, subject: Subject, head_sha: str) -> None:
    """A look at an environment had read everything as it stands at this commit, and found nothing to do."""
    key = _saw(subject)
    if house.store.marks.get(key) != head_sha:
        house.store.marks.put(key, head_sha)


def have_seen(house: House, repository: Subject, head_sha: str) -> frozenset[str]:
    """The names of the environments whose newest whole look was at this commit."""
    prefix = _saw(environment(repository.installation_id, repository.repository, ""))
    marks = house.store.marks.under(prefix)
    return frozenset(key.removeprefix(prefix) for key, head in marks.items() if head == head_sha)


def ask_all(house: House, repository_id: int) -> None:
    """The next look at this repository wakes everything there, whatever was seen. To be followed by its wake."""
    house.store.marks.put(f"all asked:{repository_id}", uuid4().hex)


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken:
    """When everything of a repository was woken: at which head, and by which word of `ask_all`."""

    head: str | None = None
    asked: str | None = None


def asked_for(house: House, repository_id: int) -> str | None:
    """The newest word of `ask_all`."""
    asked: str | None = house.store.marks.get(f"all asked:{repository_id}")
    return asked


def last_woken(house: House, repository_id: int) -> Woken:
    """When everything was woken last."""
    return Woken(**(house.store.marks.get(f"all woken:{repository_id}") or {}))


def all_woken(house: House, repository_id: int, woken: Woken) -> None:
    """Everything is woken. What was asked for meanwhile is another word, and stays asked for."""
    if woken != last_woken(house, repository_id):
        house.store.marks.put(f"all woken:{repository_id}", asdict(woken))


def _saw(subject: Subject) -> str:
    return f"saw:{subject}"
