"""The ledger: what happened, who did it and why; numbered and chained by the database (row P11)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from bot.adapters.store.database import Connection, Database, Row
from bot.adapters.store.text import optional, plain, plain_json
from bot.model.ledger import LedgerEntry, LedgerRow

_FIELDS = (
    "at", "event", "decision", "reason", "actor_id", "actor_login", "delivery_id", "subject", "installation_id",
    "repository_id", "pull_number", "head_sha", "details",
)  # fmt: skip
_INSERT = (
    f"insert into ledger ({', '.join(_FIELDS)}) values ({', '.join(['%s'] * len(_FIELDS))}) returning seq"  # noqa: S608 - our own names
)


_PLAN_TELLING = b"select lockstep_plan_telling(%s, %s, %s)"
CHAIN_LOCK = b"select pg_advisory_xact_lock(19077, 1)"
"""Held by who writes a row until the commit, by the trigger that numbers it."""

_ONCE = b"insert into ledger_once (key) values (%s) on conflict do nothing"
VERIFY_SECONDS = 600.0
"""How long computing the whole chain may take; about five seconds for a million rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last row: `seq` 0 and 32 zero bytes for an empty ledger. Kept elsewhere it is an anchor."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Every row is as it was written; the head to compare with an anchor."""

    head: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """The first row at which the chain breaks, and why."""

    seq: int
    why: str


class Ledger:
    """The audit trail. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, entry: LedgerEntry) -> int:
        """Appends an entry, its texts made plain (case 98), and returns its number. Raises when it is not kept:
        then the act that it stands for must not happen (case 97).

        When the rules name a channel for it, the job that tells people is planned in the same transaction (row P10).

        One whose `once` is on record already is not written again, and its number is 0: a worker that died between the
        row and its act, or never heard that the row was kept, leaves both to the next one.
        """
        return self._database.once(lambda connection: _append(connection, entry))

    def attempt(self, entry: LedgerEntry) -> int:
        """Appends the row of an attempt, and keeps that its end is not known; its number."""

        def work(connection: Connection) -> int:
            seq = _append(connection, entry)
            connection.execute("insert into ledger_attempts values (%s, %s)", (seq, entry.subject or ""))
            return seq

        return self._database.once(work)

    def ended(self, attempt: int, entry: LedgerEntry) -> None:
        """Appends the row of how the attempt of that number ended, which waits for none any more."""

        def work(connection: Connection) -> None:
            _append(connection, entry)
            connection.execute("delete from ledger_attempts where seq = %s", (attempt,))

        self._database.once(work)

    def unanswered(self, subject: str) -> tuple[LedgerRow, ...]:
        """A subject's attempts whose end is not known, oldest first."""
        rows = self._database.rows(
            "select ledger.* from ledger join ledger_attempts using (seq) where ledger_attempts.subject = %s"
            " order by seq",
            (subject,),
        )
        return tuple(ledger_row(row) for row in rows)

    def rows(
        self,
        *,
        after: int = 0,
        since: datetime | None = None,
        event: str | None = None,
        subject: str | None = None,
        repository_id: int | None = None,
        pull_number: int | None = None,
        limit: int = 1000,
    ) -> tuple[LedgerRow, ...]:
        """The newest `limit` rows that fit every given filter, oldest of them first. `after` is a row's number."""
        wanted: dict[str, Any] = {
            "seq > %s": after,
            "at >= %s": since,
            "event = %s": event,
            "subject = %s": subject,
            "repository_id = %s": repository_id,
            "pull_number = %s": pull_number,
        }
        given = {condition: value for condition, value in wanted.items() if value is not None}
        query = f"select * from ledger where {' and '.join(given)} order by seq desc limit %s"  # noqa: S608 - our own words
        rows = self._database.rows(query, (*given.values(), limit))
        return tuple(ledger_row(row) for row in reversed(rows))

    def following(
        self, after: int, events: Collection[str], refused: Collection[str], limit: int = 5_000
    ) -> tuple[LedgerRow, ...]:
        """The next rows behind number `after`, oldest first, of these events; and refusals of any event whose details
        have all the keys `refused`. Fewer than `limit`: there are no more."""
        rows = self._database.rows(
            "select * from ledger where seq > %s and decision <> 'attempt' and (event = any(%s)"
            " or (decision = 'refused' and details ?& %s)) order by seq limit %s",
            (after, sorted(events), sorted(refused), limit),
        )
        return tuple(ledger_row(row) for row in rows)

    def head(self) -> Head:
        """The last row's number and hash."""
        row = self._database.row("select seq, hash from ledger order by seq desc limit 1")
        return Head(seq=row["seq"], hash=row["hash"]) if row else Head(seq=0, hash=bytes(32))

    def verify(self, anchor: Head | None = None) -> Verified | Altered:
        """Computes the whole chain again and names the first row that was altered, deleted, or put in.

        Rows cut off at the end leave a shorter chain that is whole. Only an `anchor`, a head noted before and kept
        outside of the database, tells that.
        """

        def work(connection: Connection) -> Verified | Altered:
            with connection.transaction():
                connection.execute("set transaction isolation level repeatable read read only")
                connection.execute("set local statement_timeout = 0")
                broken = connection.execute("select seq, trouble from lockstep_ledger_verify()").fetchone()
                if broken:
                    return Altered(seq=broken["seq"], why=broken["trouble"])
                last = connection.execute("select seq, hash from ledger order by seq desc limit 1").fetchone()
                head = Head(seq=last["seq"], hash=last["hash"]) if last else Head(seq=0, hash=bytes(32))
                return _anchored(connection, head, anchor) or Verified(head=head)

        return self._database.again(work, patience=VERIFY_SECONDS)


def _append(connection: Connection, entry: LedgerEntry) -> int:
    if entry.once is not None and not connection.execute(_ONCE, (plain(entry.once, 500),)).rowcount:
        return 0
    values = (
        entry.at, plain(entry.event, 200), plain(entry.decision, 200), plain(entry.reason), entry.actor_id,
        optional(entry.actor_login), optional(entry.delivery_id), optional(entry.subject),
        entry.installation_id, entry.repository_id, entry.pull_number, optional(entry.head_sha),
        Jsonb(plain_json(entry.details)),
    )  # fmt: skip
    row = connection.execute(_INSERT.encode(), values).fetchone()
    connection.execute(_PLAN_TELLING, (entry.event, entry.decision, entry.repository_id))
    return int(row["seq"]) if row else 0


def _anchored(connection: Connection, head: Head, anchor: Head | None) -> Altered | None:
    if anchor is None or anchor.seq == 0:
        return None
    found = connection.execute("select hash from ledger where seq = %s", (anchor.seq,)).fetchone()
    if found is None:
        return Altered(
            seq=head.seq + 1, why=f"rows up to {anchor.seq} were there, the ledger ends with {head.seq}"
        )
    if found["hash"] != anchor.hash:
        return Altered(
            seq=anchor.seq, why="the chain up to it was written anew: its hash is not the anchor's"
        )
    return None


def ledger_row(row: Row) -> LedgerRow:
    """A row of the table as a value."""
    entry = LedgerEntry(**{name: row[name] for name in _FIELDS})
    return LedgerRow(seq=row["seq"], entry=entry, previous_hash=row["previous_hash"], hash=row["hash"])
