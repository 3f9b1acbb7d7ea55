"""Who is to be looked at next: one waiting job per subject at most, kept in Procrastinate's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.adapters.store.database import Database

SKEW = timedelta(seconds=2)
"""Less than this between the database's clock and ours is taken for the way there."""
_WAKE = """
with clocks as (select clock_timestamp() as theirs, %s::timestamptz as ours, %s::timestamptz as at)
select lockstep_wake(%s, case when abs(extract(epoch from theirs - ours)) < %s then at else theirs + (at - ours) end)
    from clocks
"""


def now() -> datetime:
    """This machine's time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How many jobs there are: due now, planned for later, and running."""

    due: int
    planned: int
    running: int


class Queue:
    """Jobs. Every method may raise Retryable."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = now) -> None:
        """`clock` tells the time by which callers plan; jobs are handed out by the database's."""
        self._database = database
        self._clock = clock

    def wake(self, subject: str, at: datetime | None = None) -> None:
        """Makes sure that the subject is looked at after this call, at once or at `at` (aware).

        When a job waits already, it keeps the earlier of the two times. A running look does not count: it may have
        read its facts before.

        `at` is meant by this machine's clock. Where the database's differs, the job waits as long as was meant: a
        clock that is behind would else find every planned job due, and look again and again without a pause.
        """
        if at is None:
            self._database.run("select lockstep_wake(%s, null)", (subject,))
            return
        self._database.run(_WAKE, (self._clock(), at, subject, SKEW.total_seconds()))

    def reclaim(self, seconds: float) -> tuple[str, ...]:
        """Takes up the jobs of workers that gave no sign of life for `seconds`; their subjects.

        Counts an attempt for each, because a look that kills its worker would come back for ever (case 99).
        """
        rows = self._database.rows("select lockstep_reclaim(%s) as subject", (seconds,))
        return tuple(row["subject"] for row in rows)

    def depth(self) -> Depth:
        """How much there is to do."""
        row = self._database.row(
            "select count(*) filter (where status = 'todo' and coalesce(scheduled_at, now()) <= now()) as due,"
            " count(*) filter (where status = 'todo' and scheduled_at > now()) as planned,"
            " count(*) filter (where status = 'doing') as running from procrastinate_jobs"
        )
        return Depth(**row) if row else Depth(due=0, planned=0, running=0)

    def planned(self, subject: str) -> datetime | None:
        """The time for which the subject's waiting job is planned; None when none waits or it is due at once."""
        row = self._database.row(
            "select scheduled_at from procrastinate_jobs where queueing_lock = %s and status = 'todo'",
            (subject,),
        )
        return row["scheduled_at"] if row else None
