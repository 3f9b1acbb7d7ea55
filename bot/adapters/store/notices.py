"""Who was told what: plans, tidings on their way, and how each channel does (row P10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from bot.adapters.store.database import Connection, Database, Row
from bot.adapters.store.ledger import CHAIN_LOCK, ledger_row
from bot.adapters.store.text import plain, plain_json
from bot.model.ledger import LedgerRow
from bot.model.tidings import ChannelState, Link, Notice, Severity, Tiding

_PLAN = """
insert into notify_plans (repository_id, keys, changed_after, told_until, also, plan)
    select %(repository)s, %(keys)s, newest, newest, %(also)s, %(plan)s
    from (select coalesce(max(seq), 0) as newest from ledger) as ledger
on conflict (repository_id) do update set keys = excluded.keys, also = excluded.also, plan = excluded.plan,
    earlier = notify_plans.keys, changed_after = excluded.changed_after
    where (notify_plans.keys, notify_plans.also, notify_plans.plan)
        is distinct from (excluded.keys, excluded.also, excluded.plan)
"""
_CHANNEL = (
    "insert into notify_channels (repository_id, name, kind, missing) values (%s, %s, %s, %s)"
    " on conflict (repository_id, name) do update set kind = excluded.kind, missing = excluded.missing"
)
_UNTOLD = """
select ledger.* from ledger join notify_plans p on p.repository_id = %s
where ledger.seq > p.told_until
    and ledger.event || '.' || ledger.decision = any(p.keys)
    and (ledger.seq > p.changed_after or ledger.event || '.' || ledger.decision = any(p.earlier))
    and (ledger.repository_id = p.repository_id or ledger.repository_id = any(p.also))
order by ledger.seq limit %s
"""
_KEEP = """
insert into notices (repository_id, channel, seq, at, group_key, dedup, tiding)
    select %(repository)s, %(channel)s, %(seq)s, %(at)s, %(group)s, %(dedup)s, %(tiding)s
    where not exists (
        select 1 from notices n where n.repository_id = %(repository)s and n.channel = %(channel)s
            and n.dedup = %(dedup)s and n.at > %(after)s and n.dropped_at is null and %(dedup)s <> '')
on conflict (repository_id, channel, seq) do nothing
"""
_CHANNELS = """
select c.*,
    (select count(*) from notices n where n.repository_id = c.repository_id and n.channel = c.name
        and n.sent_at is null and n.dropped_at is null) as waiting,
    (select count(*) from notices n where n.repository_id = c.repository_id and n.channel = c.name
        and n.dropped_at > now() - interval '1 day' and not starts_with(n.dropped_because, 'moot:')) as dropped
from notify_channels c join repositories r on r.id = c.repository_id
where %s::bigint is null or c.repository_id = %s order by c.repository_id, c.name
"""


class Notices:
    """The record of tellings. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def plan(
        self,
        repository_id: int,
        *,
        keys: Sequence[str],
        also: Sequence[int],
        plan: Mapping[str, Any],
        channels: Mapping[str, tuple[str, str]],
    ) -> None:
        """Keeps who is told what about a config repository. From now on a ledger row whose `event.decision` is among
        `keys`, of this repository or one of `also`, plans the telling in its own transaction. What happened before is
        not told. `channels`: name to kind and missing setting."""
        values = {
            "repository": repository_id,
            "keys": sorted(keys),
            "also": sorted(also),
            "plan": Jsonb(plain_json(plan)),
        }

        def work(connection: Connection) -> None:
            with connection.transaction():
                connection.execute(_PLAN, values)
                for name, (kind, missing) in sorted(channels.items()):
                    connection.execute(_CHANNEL, (repository_id, name, kind, missing))
                connection.execute(
                    "delete from notify_channels where repository_id = %s and not name = any(%s)",
                    (repository_id, sorted(channels)),
                )

        self._database.again(work)

    def planned(self, repository_id: int) -> Mapping[str, Any] | None:
        """The plan as it was kept."""
        row = self._database.row("select plan from notify_plans where repository_id = %s", (repository_id,))
        return row["plan"] if row else None

    def untold(self, repository_id: int, limit: int = 500) -> tuple[LedgerRow, ...]:
        """The oldest rows that the plan names and that were not read yet; every row that was committed is seen.

        Takes the chain's lock first: who writes a row holds it until the commit, so no row is missed whose writer
        counts on the job that we are.
        """

        def work(connection: Connection) -> list[Row]:
            with connection.transaction():
                connection.execute(CHAIN_LOCK)
                return connection.execute(_UNTOLD, (repository_id, limit)).fetchall()

        return tuple(ledger_row(row) for row in self._database.again(work))

    def keep(
        self, repository_id: int, until: int, notices: Sequence[tuple[int, str, Tiding]], within: timedelta
    ) -> int:
        """Keeps row, channel and tiding of each, and that rows up to `until` were read, both or neither. What was
        told to the channel `within` that time before is left out. Returns how many were kept."""

        def work(connection: Connection) -> int:
            kept = 0
            with connection.transaction():
                for seq, channel, tiding in notices:
                    values = {
                        "repository": repository_id, "channel": channel, "seq": seq, "at": tiding.at,
                        "group": plain(tiding.group), "dedup": plain(tiding.dedup), "after": tiding.at - within,
                        "tiding": Jsonb(plain_json(_json(tiding))),
                    }  # fmt: skip
                    kept += connection.execute(_KEEP, values).rowcount
                connection.execute(
                    "update notify_plans set told_until = greatest(told_until, %s) where repository_id = %s",
                    (until, repository_id),
                )
            return kept

        return self._database.again(work)

    def waiting(self, repository_id: int) -> tuple[Notice, ...]:
        """Those on their way, oldest first."""
        rows = self._database.rows(
            "select id, seq, channel, tiding, tries from notices where repository_id = %s and sent_at is null"
            " and dropped_at is null order by id limit 2000",
            (repository_id,),
        )
        return tuple(Notice(**{**row, "tiding": _tiding(row["tiding"])}) for row in rows)

    def told_at(self, repository_id: int, since: datetime) -> Mapping[tuple[str, str], datetime]:
        """By channel and group: when the last message went out, if since then."""
        rows = self._database.rows(
            "select channel, group_key, max(sent_at) as at from notices"
            " where repository_id = %s and sent_at > %s group by channel, group_key",
            (repository_id, since),
        )
        return {(row["channel"], row["group_key"]): row["at"] for row in rows}

    def sent(self, repository_id: int, channel: str, ids: Sequence[int], message: str, at: datetime) -> None:
        """The channel took them: it is well again."""

        def work(connection: Connection) -> None:
            with connection.transaction():
                connection.execute(
                    "update notices set sent_at = %s, message = %s where id = any(%s)",
                    (at, message, list(ids)),
                )
                connection.execute(
                    "update notify_channels set trouble = '', failing_since = null, failures = 0,"
                    " not_before = null, sent_at = %s where repository_id = %s and name = %s",
                    (at, repository_id, channel),
                )

        self._database.again(work)

    def dropped(self, ids: Sequence[int], why: str, at: datetime) -> None:
        """They are given up."""
        self._database.run(
            "update notices set dropped_at = %s, dropped_because = %s where id = any(%s)",
            (at, plain(why), list(ids)),
        )

    def tried(self, ids: Sequence[int]) -> None:
        """Counts a try for each."""
        self._database.run("update notices set tries = tries + 1 where id = any(%s)", (list(ids),))

    def troubled(self, repository_id: int, channel: str, why: str, at: datetime) -> int:
        """The channel does not work; the number of failures in a row."""

        def work(connection: Connection) -> int:
            row = connection.execute(
                "update notify_channels set trouble = %s, failures = failures + 1,"
                " failing_since = coalesce(failing_since, %s) where repository_id = %s and name = %s"
                " returning failures",
                (plain(why), at, repository_id, channel),
            ).fetchone()
            return int(row["failures"]) if row else 0

        return self._database.once(work)

    def wait_until(self, repository_id: int, channel: str, at: datetime) -> None:
        """When the channel is tried again."""
        self._database.run(
            "update notify_channels set not_before = %s where repository_id = %s and name = %s",
            (at, repository_id, channel),
        )

    def channels(self, repository_id: int | None = None) -> tuple[ChannelState, ...]:
        """Every channel with how it does; of one config repository, or of all."""
        rows = self._database.rows(_CHANNELS, (repository_id, repository_id))
        return tuple(ChannelState(**row) for row in rows)

    def restless(self) -> tuple[tuple[int, int], ...]:
        """Installation and repository of every plan with something on its way or unread, for the sweep."""
        rows = self._database.rows(
            "select r.installation_id as installation, p.repository_id as repository"
            " from notify_plans p join repositories r on r.id = p.repository_id"
            " where exists (select 1 from notices n where n.repository_id = p.repository_id"
            " and n.sent_at is null and n.dropped_at is null)"
            " or exists (select 1 from ledger l where l.seq > greatest(p.told_until, p.changed_after)"
            " and l.event || '.' || l.decision = any(p.keys)"
            " and (l.repository_id = p.repository_id or l.repository_id = any(p.also)))"
        )
        return tuple((row["installation"], row["repository"]) for row in rows)

    def prune(self, before: datetime) -> int:
        """Deletes what was told or given up before; how many."""
        return self._database.run("delete from notices where coalesce(sent_at, dropped_at) < %s", (before,))


def _json(tiding: Tiding) -> dict[str, Any]:
    return {
        "event": tiding.event, "title": tiding.title, "severity": tiding.severity.value, "at": tiding.at.isoformat(),
        "repository": tiding.repository, "environment": tiding.environment, "reason": tiding.reason,
        "facts": [list(each) for each in tiding.facts],
        "links": [[each.label, each.url] for each in tiding.links],
        "data": tiding.data, "dedup": tiding.dedup, "group": tiding.group,
    }  # fmt: skip


def _tiding(value: Mapping[str, Any]) -> Tiding:
    return Tiding(
        **{
            **value,
            "severity": Severity(value["severity"]),
            "at": datetime.fromisoformat(value["at"]),
            "facts": tuple((str(name), str(each)) for name, each in value["facts"]),
            "links": tuple(Link(label=label, url=url) for label, url in value["links"]),
        }
    )
