"""How the looks at each subject went: attempts that failed, and subjects that were given up (case 99)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.adapters.store.database import Connection, Database
from bot.adapters.store.text import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """A subject that is left alone until somebody replays a delivery or a look succeeds."""

    subject: str
    attempts: int
    last_error: str
    parked_at: datetime


class Subjects:
    """Failures by subject. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def attempts(self, subject: str) -> int:
        """Failed looks in a row, those of killed workers included."""
        row = self._database.row("select attempts from subjects where subject = %s", (subject,))
        return int(row["attempts"]) if row else 0

    def failed(self, subject: str, error: str, retry_at: datetime | None = None) -> int:
        """Counts a failed look; the number of failures in a row. Waking it again is the caller's act."""

        def work(connection: Connection) -> int:
            row = connection.execute(
                "insert into subjects (subject, attempts, last_error, not_before) values (%s, 1, %s, %s)"
                " on conflict (subject) do update set attempts = subjects.attempts + 1,"
                " last_error = excluded.last_error, not_before = excluded.not_before returning attempts",
                (subject, plain(error), retry_at),
            ).fetchone()
            return int(row["attempts"]) if row else 0

        return self._database.once(work)

    def park(self, subject: str, why: str, at: datetime) -> None:
        """Gives the subject up until the next event: it counts as parked until `succeeded`, and from 0 again."""
        self._database.run(
            "insert into subjects (subject, last_error, parked_at) values (%s, %s, %s)"
            " on conflict (subject) do update set attempts = 0, last_error = excluded.last_error,"
            " parked_at = excluded.parked_at",
            (subject, plain(why), at),
        )

    def succeeded(self, subject: str) -> None:
        """A look went well: failures and parking are forgotten."""
        self._database.run("delete from subjects where subject = %s", (subject,))

    unpark = succeeded

    def is_parked(self, subject: str) -> bool:
        """Whether it was given up."""
        query = "select 1 as yes from subjects where subject = %s and parked_at is not null"
        return self._database.row(query, (subject,)) is not None

    def parked(self) -> tuple[Parked, ...]:
        """All that were given up, newest first."""
        rows = self._database.rows(
            "select subject, attempts, last_error, parked_at from subjects where parked_at is not null"
            " order by parked_at desc, subject"
        )
        return tuple(Parked(**row) for row in rows)
