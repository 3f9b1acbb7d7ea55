"""The request budget, shared by all processes: what GitHub said is left, and what was used for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.adapters.store.database import Connection, Database
from bot.adapters.store.text import plain

_ALL = "*"
"""The resource under which a block of the whole installation is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Requests of one installation for one purpose within one hour (`hour` is its start)."""

    installation_id: int
    purpose: str
    hour: datetime
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What the last answer said of an installation's resource (`core`, `graphql`)."""

    installation_id: int
    resource: str
    remaining: int
    limit: int
    reset_at: datetime


class Budget:
    """See `adapters.github.budget.Budget`. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def blocked_until(self, installation_id: int) -> datetime | None:
        """The moment before which nothing may be asked; None when there is none. A past one is the caller's to see."""
        query = "select blocked_until from api_budget where installation_id = %s and resource = %s"
        row = self._database.row(query, (installation_id, _ALL))
        return row["blocked_until"] if row else None

    def note(
        self, installation_id: int, resource: str, remaining: int, limit: int, reset_at: datetime
    ) -> None:
        """Keeps what an answer's headers said. Nothing left is a block until the reset."""
        self._database.run(
            "insert into api_budget (installation_id, resource, remaining, limit_, reset_at)"
            " values (%s, %s, %s, %s, %s) on conflict (installation_id, resource) do update"
            " set remaining = excluded.remaining, limit_ = excluded.limit_, reset_at = excluded.reset_at",
            (installation_id, plain(resource, 100), remaining, limit, reset_at),
        )
        if remaining <= 0:
            self.block(installation_id, reset_at)

    def block(self, installation_id: int, until: datetime) -> None:
        """No call for this installation before `until`; an earlier end never shortens a later one."""
        self._database.run(
            "insert into api_budget (installation_id, resource, blocked_until) values (%s, %s, %s)"
            " on conflict (installation_id, resource) do update"
            " set blocked_until = greatest(api_budget.blocked_until, excluded.blocked_until)",
            (installation_id, _ALL, until),
        )

    def strike(self, installation_id: int) -> int:
        """Counts a secondary limit without a time of its own; how many in a row, for an exponential wait (case 19)."""

        def work(connection: Connection) -> int:
            row = connection.execute(
                "insert into api_budget (installation_id, resource, strikes) values (%s, %s, 1)"
                " on conflict (installation_id, resource) do update set strikes = api_budget.strikes + 1"
                " returning strikes",
                (installation_id, _ALL),
            ).fetchone()
            return int(row["strikes"]) if row else 1

        return self._database.once(work)

    def calm(self, installation_id: int) -> None:
        """An answer came through: the strikes are over."""
        self._database.run(
            "update api_budget set strikes = 0 where installation_id = %s and resource = %s and strikes > 0",
            (installation_id, _ALL),
        )

    def count(self, installation_id: int, purpose: str, n: int) -> None:
        """Adds `n` requests made for `purpose` to the present hour."""

        # Said twice to a database that restarts, it counts one too many: cheaper than a transaction for each request.
        self._database.run(
            "insert into api_requests values (%s, %s, date_trunc('hour', now()), %s)"
            " on conflict (installation_id, purpose, hour) do update"
            " set count = api_requests.count + excluded.count",
            (installation_id, plain(purpose, 100), n),
        )

    def usage(self, since: datetime | None = None) -> tuple[Used, ...]:
        """Requests by installation, purpose and hour, newest hour first."""
        rows = self._database.rows(
            "select installation_id, purpose, hour, count from api_requests"
            " where %s::timestamptz is null or hour >= %s order by hour desc, installation_id, purpose",
            (since, since),
        )
        return tuple(Used(**row) for row in rows)

    def left(self) -> tuple[Left, ...]:
        """What is left of each resource, as last heard."""
        rows = self._database.rows(
            'select installation_id, resource, remaining, limit_ as "limit", reset_at from api_budget'
            " where remaining is not null order by installation_id, resource"
        )
        return tuple(Left(**row) for row in rows)
