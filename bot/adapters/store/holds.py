"""Holds: environments and pull requests that stay where they are; one in force a place at most."""

from __future__ import annotations

from datetime import datetime

from bot.adapters.store.database import Database, Row
from bot.adapters.store.text import plain
from bot.model.facts import Actor
from bot.model.holds import Hold


class Holds:
    """By config repository. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self, hold: Hold) -> bool:
        """Keeps it; False when the place is held already."""
        return (
            self._database.run(
                "insert into holds (repository_id, environment, pull_number, reason, by_id, by_login, at)"
                " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                (
                    hold.repository_id, hold.environment, hold.pull, plain(hold.reason), hold.by.id,
                    plain(hold.by.login), hold.at,
                ),
            )
            == 1
        )  # fmt: skip

    def release(
        self, repository_id: int, environment: str | None, pull: int | None, by: Actor, at: datetime
    ) -> bool:
        """Ends the one in force; False when there is none."""
        return (
            self._database.run(
                "update holds set released_at = %s, released_by_id = %s, released_by_login = %s"
                " where repository_id = %s and environment is not distinct from %s"
                " and pull_number is not distinct from %s and released_at is null",
                (at, by.id, plain(by.login), repository_id, environment, pull),
            )
            == 1
        )

    def active(self, repository_id: int) -> tuple[Hold, ...]:
        """All that are in force, oldest first."""
        rows = self._database.rows(
            "select * from holds where repository_id = %s and released_at is null order by id",
            (repository_id,),
        )
        return tuple(_hold(row) for row in rows)

    def everywhere(self) -> tuple[Hold, ...]:
        """All that are in force in any repository, oldest first."""
        rows = self._database.rows("select * from holds where released_at is null order by id")
        return tuple(_hold(row) for row in rows)


def _hold(row: Row) -> Hold:
    return Hold(
        repository_id=row["repository_id"],
        environment=row["environment"],
        pull=row["pull_number"],
        reason=row["reason"],
        by=Actor(id=row["by_id"], login=row["by_login"]),
        at=row["at"],
    )
