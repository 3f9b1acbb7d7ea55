"""The sweep: asks on a timer what events should have asked, so that a lost webhook costs only a delay (row B7)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.errors import LockstepError
from bot.model.subject import Kind, Subject, environment, installation, pull, repository, tidings
from bot.run import House
from bot.run.seen import ask_all

log = logging.getLogger(__name__)

FORGOTTEN = timedelta(seconds=30)
"""A stored delivery that nobody works on for this long is picked up by the sweep."""
KEPT = timedelta(days=30)
"""How long completed deliveries are kept for `lockstep replay`."""
REDELIVERY_MARK = "failed deliveries read until"
REDELIVERY_OVERLAP = timedelta(minutes=10)
"""Looked at once more in the next round: a delivery's failure is recorded only when its attempt is over."""
REDELIVERY_WINDOW = timedelta(hours=24)
"""How far back failed deliveries are asked for at the first sweep; GitHub keeps them for some days."""


class Deliveries(Protocol):
    """The App's webhook deliveries at GitHub."""

    def failed_since(self, since: datetime) -> tuple[tuple[int, str], ...]:
        """Delivery id (GitHub's number) and GUID of each delivery since then whose newest attempt failed."""

    def redeliver(self, delivery_id: int) -> None:
        """Asks GitHub to send it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep set in motion."""

    subjects: int
    redelivered: int


def sweep(house: House, deliveries: Deliveries, installations: Callable[[], tuple[int, ...]]) -> Swept:
    """One round: forgotten deliveries, open promotions, config repositories, deliveries that failed at GitHub.

    A part that cannot be asked is left to the next round; the others go on. What belongs to an installation that is
    suspended, gone, or of an account that is not allowed is left alone (attack cases 15, 26).
    """
    served = _installations(installations)
    subjects = set(house.store.inbox.forgotten(house.clock() - FORGOTTEN))
    # The look at a config repository wakes what is open there; woken here as well, it would all be looked at twice.
    for promotion in house.store.promotions.all_open() if served is None else ():
        where = (promotion.installation_id, promotion.config_repository_id)
        if house.store.repositories.within(*where) is None:
            continue  # taken from the installation, or moved: when it comes back, its own look wakes them
        subjects.add(str(pull(*where, promotion.pull_number)))
        subjects.add(str(environment(*where, promotion.environment)))
    for installation_id in served or ():
        if not house.store.repositories.is_known(installation_id):
            subjects.add(str(installation(installation_id)))
        for config in house.store.repositories.config_of(installation_id):
            ask_all(house, config.id)
            subjects.add(str(repository(installation_id, config.id)))
    subjects |= {str(tidings(*each)) for each in house.store.notices.restless()}
    if served is not None:
        subjects = {each for each in subjects if _is_served(Subject.parse(each), served)}
    for subject in sorted(subjects):
        house.store.queue.wake(subject)
    while house.store.inbox.prune(house.clock() - KEPT):
        log.debug("completed deliveries from before %s are deleted", house.clock() - KEPT)
    house.store.notices.prune(house.clock() - KEPT)
    return Swept(subjects=len(subjects), redelivered=ask_again(house, deliveries))


def _is_served(subject: Subject, served: tuple[int, ...]) -> bool:
    """Alerts belong to no installation; their look asks only those that are served."""
    return subject.kind is Kind.ALERTS or subject.installation_id in served


def ask_again(house: House, deliveries: Deliveries) -> int:
    """Asks GitHub for the deliveries that failed there and are not stored here; how many."""
    asked = 0
    try:
        started = house.clock()
        mark = house.store.marks.get(REDELIVERY_MARK)
        since = datetime.fromisoformat(mark) if mark else started - REDELIVERY_WINDOW
        failed = deliveries.failed_since(since)
        here = house.store.inbox.known([guid for _, guid in failed])
        for number, guid in failed:
            if guid not in here:
                deliveries.redeliver(number)
                asked += 1
        house.store.marks.put(REDELIVERY_MARK, (started - REDELIVERY_OVERLAP).isoformat())
    except LockstepError as error:
        log.warning("failed deliveries could not be asked for; the next sweep tries again: %s", error)
    return asked


def _installations(installations: Callable[[], tuple[int, ...]]) -> tuple[int, ...] | None:
    """The installations that work is done for; None when GitHub does not say, and then none is left out."""
    try:
        return installations()
    except LockstepError as error:
        log.warning("installations could not be listed; the next sweep tries again: %s", error)
        return None
