"""The worker: takes one subject at a time, looks at it, and decides what becomes of the job when that goes wrong.

A look never sleeps: what must wait is put back with its own time. A subject that fails again and again is parked with a
ledger row, and the others go on (attack cases 19, 99).
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import Retryable, Stale, Terminal, UserError
from bot.model.delivery import StoredDelivery
from bot.model.subject import Subject
from bot.run import House, look
from bot.run.acts import take_over
from bot.run.house import note
from bot.run.parked import show_failed

log = logging.getLogger(__name__)

TRIES = 8
"""Failed looks in a row before a subject is parked."""
SHOWN_AFTER = 3
"""Failed looks in a row before the pull request shows it: what passes within seconds is no news. An error of our own
shows at once."""
TRYING = "Lockstep tries again by itself."
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)
STALE_WAIT = timedelta(milliseconds=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long to wait after the n-th failure; `jitter` gives a factor so that subjects do not march in step."""

    jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2)  # noqa: S311 (spreads load, guards nothing)

    def after(self, attempts: int) -> timedelta:
        """2 s, 4 s, 8 s … at most 10 minutes."""
        wait = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
        return timedelta(seconds=wait.total_seconds() * self.jitter())


def work(house: House, text: str, backoff: Backoff | None = None) -> str:
    """Works on the subject `text`: returns the outcome in words. Never raises for what a look may raise."""
    subject = Subject.parse(text)
    deliveries = house.store.inbox.pending(text)
    if house.store.subjects.attempts(text) >= TRIES:
        # Its looks died with their workers, so nobody was left to park it.
        return _park(house, subject, deliveries, "its looks end with their worker")
    take_over(house, subject)
    try:
        looked = look(house, subject, deliveries)
    except Stale as stale:
        return _again(house, subject, deliveries, str(stale), house.clock() + STALE_WAIT)
    except Retryable as error:
        if not error.counts:
            return _postponed(house, subject, str(error), error.at)
        wait = (backoff or Backoff()).after(house.store.subjects.attempts(text) + 1)
        at = error.at or house.clock() + wait
        return _again(house, subject, deliveries, str(error), at, told=error.told)
    except (Terminal, UserError) as error:
        note(house, subject, "look", "skipped", str(error))
        if isinstance(error, UserError):
            show_failed(house, subject, str(error), "The next event or the sweep looks again.")
        return _done(house, subject, deliveries, f"skipped: {error}")
    except Exception as error:
        # A poison job must not take the worker along, nor be tried for ever: it counts, and is parked in the end.
        log.exception("looking at %s failed", subject)
        attempts = house.store.subjects.attempts(text)
        wait = (backoff or Backoff()).after(attempts + 1)
        why = f"{type(error).__name__} in a look"
        if attempts == 0:
            show_failed(house, subject, why, TRYING)
        return _again(house, subject, deliveries, why, house.clock() + wait)
    return _done(house, subject, deliveries, looked.outcome)


def _done(house: House, subject: Subject, deliveries: Sequence[StoredDelivery], outcome: str) -> str:
    house.store.inbox.complete([delivery.id for delivery in deliveries], outcome, house.clock())
    house.store.subjects.succeeded(str(subject))
    log.info("%s: %s", subject, outcome)
    return outcome


def _postponed(house: House, subject: Subject, why: str, at: datetime | None) -> str:
    """The other side asked for patience; the subject itself is fine."""
    house.store.queue.wake(str(subject), at or house.clock() + LONGEST_WAIT)
    log.warning("%s waits until %s: %s", subject, at, why)
    return f"postponed: {why}"


def _again(
    house: House,
    subject: Subject,
    deliveries: Sequence[StoredDelivery],
    why: str,
    at: datetime,
    *,
    told: bool = False,
) -> str:
    """Put back for later. `told`: what was judged is shown, and a failure in its place would only flicker."""
    attempts = house.store.subjects.failed(str(subject), why, at)
    if attempts < TRIES:
        if attempts == SHOWN_AFTER and not told:
            show_failed(house, subject, why, TRYING)
        house.store.queue.wake(str(subject), at)
        log.warning("%s failed %d times, again at %s: %s", subject, attempts, at, why)
        return f"again: {why}"
    return _park(house, subject, deliveries, why)


def _park(house: House, subject: Subject, deliveries: Sequence[StoredDelivery], why: str) -> str:
    """Gives up for now: told in the ledger and on the pull request; the next event tries again."""
    with house.store.together():
        house.store.subjects.park(str(subject), why, house.clock())
        note(house, subject, "parked", "failed", f"gave up after {TRIES} tries: {why}")
    show_failed(house, subject, why, "Lockstep gave up for now. The next event or the sweep tries again.")
    house.store.inbox.complete([delivery.id for delivery in deliveries], f"parked: {why}", house.clock())
    log.error("%s is parked after %d tries: %s", subject, TRIES, why)
    return f"parked: {why}"
