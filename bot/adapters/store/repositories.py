"""Repositories: what each installation covers, and which repositories hold rules. The numeric id is the identity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.adapters.store.database import Connection, Database
from bot.model.facts import Repository

_SELECT = "select id, node_id, full_name, default_branch, url from repositories"
_PUT = """
insert into repositories (id, installation_id, node_id, full_name, default_branch, url, is_config, seen_at)
    values (%s, %s, %s, %s, %s, %s, %s, %s)
    on conflict (id) do update set installation_id = excluded.installation_id, node_id = excluded.node_id,
        full_name = excluded.full_name, default_branch = excluded.default_branch, url = excluded.url,
        is_config = excluded.is_config, seen_at = excluded.seen_at
"""


class Repositories:
    """Repositories that the App is installed on. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        installation_id: int,
        repositories: Sequence[Repository],
        config_ids: Collection[int],
        at: datetime,
    ) -> None:
        """Replaces what is known of an installation: all its repositories, and which of them hold rules."""
        rows = [
            (
                it.id,
                installation_id,
                it.node_id,
                it.full_name,
                it.default_branch,
                it.url,
                it.id in config_ids,
                at,
            )
            for it in sorted(repositories, key=lambda each: each.id)
        ]

        def work(connection: Connection) -> None:
            with connection.transaction():
                connection.execute(
                    "insert into installations values (%s, %s)"
                    " on conflict (id) do update set seen_at = excluded.seen_at",
                    (installation_id, at),
                )
                connection.cursor().executemany(_PUT, rows)
                connection.execute(
                    "delete from repositories where installation_id = %s and not id = any(%s)",
                    (installation_id, [row[0] for row in rows]),
                )

        self._database.again(work)

    def find(self, repository_id: int) -> Repository | None:
        """A known repository."""
        row = self._database.row(f"{_SELECT} where id = %s", (repository_id,))
        return Repository(**row) if row else None

    def within(self, installation_id: int, repository_id: int) -> Repository | None:
        """A known repository, if it belongs to this installation."""
        row = self._database.row(
            f"{_SELECT} where id = %s and installation_id = %s", (repository_id, installation_id)
        )
        return Repository(**row) if row else None

    def named(self, installation_id: int, full_name: str) -> Repository | None:
        """A known repository of an installation by its name (case-insensitive, as GitHub reads it)."""
        query = f"{_SELECT} where installation_id = %s and lower(full_name) = lower(%s) order by seen_at desc"
        row = self._database.row(query, (installation_id, full_name))
        return Repository(**row) if row else None

    def of(self, installation_id: int) -> tuple[Repository, ...]:
        """All repositories of an installation, by id."""
        query = f"{_SELECT} where installation_id = %s order by id"
        return tuple(Repository(**row) for row in self._database.rows(query, (installation_id,)))

    def config_of(self, installation_id: int) -> tuple[Repository, ...]:
        """The config repositories of an installation, by id."""
        query = f"{_SELECT} where installation_id = %s and is_config order by id"
        return tuple(Repository(**row) for row in self._database.rows(query, (installation_id,)))

    def is_known(self, installation_id: int) -> bool:
        """Whether the installation was discovered before."""
        return (
            self._database.row("select 1 as yes from installations where id = %s", (installation_id,))
            is not None
        )

    def installations(self) -> tuple[int, ...]:
        """All installations that were discovered, for the sweep."""
        return tuple(row["id"] for row in self._database.rows("select id from installations order by id"))

    def forget(self, installation_id: int) -> None:
        """Drops an installation that is gone, with its repositories. Releases and the ledger stay."""

        def work(connection: Connection) -> None:
            with connection.transaction():
                connection.execute("delete from repositories where installation_id = %s", (installation_id,))
                connection.execute("delete from installations where id = %s", (installation_id,))

        self._database.again(work)
