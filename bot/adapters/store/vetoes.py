"""Vetoes: digests that no automation proposes again (row B3); one in force for a component and digest at most."""

from __future__ import annotations

from datetime import datetime

from bot.adapters.store.database import Database, Row
from bot.adapters.store.text import plain
from bot.model.facts import Actor
from bot.model.rollback import Veto


class Vetoes:
    """By config repository. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self, veto: Veto) -> bool:
        """Keeps it; False when the digest is vetoed already."""
        query = (
            "insert into vetoes (repository_id, component, digest, tag, environment, reason, by_id, by_login, at,"
            " rollback_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing"
        )
        values = (
            veto.repository_id, veto.component, veto.digest, plain(veto.tag), veto.environment, plain(veto.reason),
            veto.by.id, plain(veto.by.login), veto.at, veto.rollback_id,
        )  # fmt: skip
        return self._database.run(query, values) == 1

    def lift(self, veto: Veto, by: Actor, because: str, at: datetime) -> bool:
        """Ends the one in force; False when there is none."""
        query = (
            "update vetoes set lifted_at = %s, lifted_by_id = %s, lifted_by_login = %s, lifted_because = %s"
            " where repository_id = %s and component = %s and digest = %s and lifted_at is null"
        )
        values = (at, by.id, plain(by.login), plain(because), veto.repository_id, veto.component, veto.digest)
        return self._database.run(query, values) == 1

    def active(self, repository_id: int) -> tuple[Veto, ...]:
        """All that are in force, oldest first."""
        query = "select * from vetoes where repository_id = %s and lifted_at is null order by id"
        return tuple(_veto(row) for row in self._database.rows(query, (repository_id,)))

    def everywhere(self) -> tuple[Veto, ...]:
        """All that are in force in any repository, oldest first."""
        query = "select * from vetoes where lifted_at is null order by id"
        return tuple(_veto(row) for row in self._database.rows(query))


def _veto(row: Row) -> Veto:
    return Veto(
        repository_id=row["repository_id"],
        component=row["component"],
        digest=row["digest"],
        tag=row["tag"],
        environment=row["environment"],
        reason=row["reason"],
        by=Actor(id=row["by_id"], login=row["by_login"]),
        at=row["at"],
        rollback_id=row["rollback_id"],
    )
