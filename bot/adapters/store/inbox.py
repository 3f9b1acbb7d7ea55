"""The inbox: deliveries as they came, until somebody has completed them (row B7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.adapters.store.database import Connection, Database
from bot.adapters.store.text import optional, plain
from bot.model.delivery import Delivery, Received, StoredDelivery

_RECEIVE = "select lockstep_receive(%s, %s, %s, %s, %s, %s, %s, %s, %s) as received"
_FORGOTTEN = """
select distinct subject from deliveries d where completed_at is null and received_at < %s
    and not exists (select 1 from procrastinate_jobs j where j.lock = d.subject and j.status in ('todo', 'doing'))
    and not exists (select 1 from subjects s where s.subject = d.subject and s.parked_at is not null)
order by subject
"""


class Inbox:
    """Deliveries. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def receive(self, delivery: Delivery, payload: bytes, at: datetime | None = None) -> Received:
        """Stores a delivery and wakes its subject: one round trip, one transaction, durable on return.

        `payload` is the raw body; `at` (default: the delivery's own) is when it came. A known delivery that is
        not completed is worked on again (case 10), a completed one is not (case 9). Raises Retryable within five
        seconds, whatever hangs, when nothing is known to be stored (case 14).
        """
        values = (
            plain(delivery.id, 200), plain(delivery.event, 200), optional(delivery.action, 200), delivery.subject,
            delivery.installation_id, plain(delivery.account, 200), delivery.repository_id, payload,
            at or delivery.received_at,
        )  # fmt: skip

        def work(connection: Connection) -> str:
            row = connection.execute(_RECEIVE, values, prepare=True).fetchone()
            return str(row["received"]) if row else ""

        return Received(self._database.again(work))

    def pending(self, subject: str) -> tuple[StoredDelivery, ...]:
        """The subject's deliveries that are not completed, oldest first.

        Waits for deliveries of this subject that are being stored at this moment, so that a job which was waiting
        when they came sees them.
        """
        rows = self._database.rows("select * from lockstep_pending(%s)", (subject,))
        return tuple(StoredDelivery(**row) for row in rows)

    def find(self, delivery_id: str) -> StoredDelivery | None:
        """One delivery, completed or not; None when it is not (or no longer) here."""
        row = self._database.row(
            "select id, event, action, subject, received_at, payload from deliveries where id = %s",
            (delivery_id,),
        )
        return StoredDelivery(**row) if row else None

    def last_received(self) -> datetime | None:
        """When the newest delivery came in; None before the first."""
        row = self._database.row("select max(received_at) as newest from deliveries")
        return row["newest"] if row else None

    def complete(self, delivery_ids: Sequence[str], outcome: str, at: datetime) -> None:
        """Marks deliveries as done. One that is completed already keeps its first outcome."""
        self._database.run(
            "update deliveries set completed_at = %s, outcome = %s where id = any(%s) and completed_at is null",
            (at, plain(outcome, 500), list(delivery_ids)),
        )

    def reopen(self, delivery_id: str) -> str | None:
        """Makes a delivery pending again and wakes its subject, which is returned; None when it is unknown."""
        row = self._database.row("select lockstep_reopen(%s) as subject", (delivery_id,))
        return row["subject"] if row else None

    def forgotten(self, older_than: datetime) -> tuple[str, ...]:
        """Subjects with a delivery from before `older_than` that is not completed and has no job.

        There should be none; the sweep wakes them all the same. Parked subjects are left out.
        """
        return tuple(row["subject"] for row in self._database.rows(_FORGOTTEN, (older_than,)))

    def known(self, delivery_ids: Collection[str]) -> frozenset[str]:
        """Those of the ids that are stored, for the sweep over GitHub's delivery log."""
        rows = self._database.rows("select id from deliveries where id = any(%s)", (list(delivery_ids),))
        return frozenset(row["id"] for row in rows)

    def prune(self, before: datetime) -> int:
        """Deletes deliveries that were completed before that time, at most 2,000; how many. Call again until 0.

        Payloads are most of the data. In small steps, because a long one would run into the statement timeout.
        """
        return self._database.run(
            "delete from deliveries where id in (select id from deliveries where completed_at < %s limit 2000)",
            (before,),
        )
