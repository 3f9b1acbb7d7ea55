"""Hotfixes, and the debts that they leave (rows R7, B5): one hotfix a release, one debt a component and merge."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from psycopg.types.json import Jsonb

from bot.adapters.store.components import from_json, to_json
from bot.adapters.store.database import Database, Row
from bot.adapters.store.text import plain
from bot.model.door import Door
from bot.model.facts import Actor
from bot.model.hotfix import Debt, DebtEnd, Hotfix

_DEBT = (
    "select id, config_repository_id, environment, component, tag, hotfix_id, source, fix_sha, pull_number, gates,"
    " since, ended, ended_at, ended_by from debts"
)


class Hotfixes:
    """Releases that count as hotfixes, by config repository. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declare(self, hotfix: Hotfix) -> bool:
        """Keeps it; False when the release is one already. Components that are named anew are added."""
        query = (
            "insert into hotfixes (installation_id, config_repository_id, source, source_repository_id, release_id,"
            " fix_sha, branch, components, by_id, by_login, via, declared_at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (config_repository_id, release_id) do nothing"
        )
        by, components = hotfix.by, to_json(hotfix.components)
        values = (
            hotfix.installation_id, hotfix.config_repository_id, hotfix.source, hotfix.source_repository_id,
            hotfix.release_id, hotfix.fix_sha, plain(hotfix.branch), components,
            by.id if by else None, plain(by.login) if by else None,
            hotfix.via.value if hotfix.via else None, hotfix.declared_at,
        )  # fmt: skip
        if self._database.run(query, values) == 1:
            return True
        self._database.run(
            "update hotfixes set components = components || %s where config_repository_id = %s and release_id = %s",
            (components, hotfix.config_repository_id, hotfix.release_id),
        )
        return False

    def of(self, config_repository_id: int, source: str, limit: int = 20) -> tuple[Hotfix, ...]:
        """The newest of a source, the last declared first."""
        query = (
            "select * from hotfixes where config_repository_id = %s and source = %s order by id desc limit %s"
        )
        rows = self._database.rows(query, (config_repository_id, source, limit))
        return tuple(_hotfix(row) for row in rows)

    def find(self, hotfix_id: int) -> Hotfix | None:
        """One by its id."""
        row = self._database.row("select * from hotfixes where id = %s", (hotfix_id,))
        return _hotfix(row) if row else None

    def by_release(self, config_repository_id: int, release_ids: Collection[str]) -> tuple[Hotfix, ...]:
        """Those of these releases that count as hotfixes, the first declared first."""
        query = "select * from hotfixes where config_repository_id = %s and release_id = any(%s) order by id"
        rows = self._database.rows(query, (config_repository_id, list(release_ids)))
        return tuple(_hotfix(row) for row in rows)

    def tell(self, hotfix_id: int, postmortem: int) -> None:
        """Keeps the number of the issue that it is written up in."""
        self._database.run("update hotfixes set postmortem = %s where id = %s", (postmortem, hotfix_id))


class Debts:
    """What environments owe since a hotfix was merged there. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def owe(self, debt: Debt) -> bool:
        """Keeps it; False when that merge's was kept before."""
        query = (
            "insert into debts (config_repository_id, environment, component, tag, hotfix_id, source, fix_sha,"
            " pull_number, gates, since) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing"
        )
        values = (
            debt.config_repository_id, debt.environment, debt.component, to_json({debt.component: debt.tag}),
            debt.hotfix_id, debt.source, debt.fix_sha, debt.pull_number,
            Jsonb({name: plain(says) for name, says in debt.gates.items()}), debt.since,
        )  # fmt: skip
        return self._database.run(query, values) == 1

    def of(self, hotfix_id: int) -> tuple[Debt, ...]:
        """All of a hotfix, ended ones too, oldest first."""
        return tuple(
            _debt(row)
            for row in self._database.rows(f"{_DEBT} where hotfix_id = %s order by id", (hotfix_id,))
        )

    def active(self, config_repository_id: int) -> tuple[Debt, ...]:
        """All that are in force, oldest first."""
        query = f"{_DEBT} where config_repository_id = %s and ended is null order by id"
        return tuple(_debt(row) for row in self._database.rows(query, (config_repository_id,)))

    def everywhere(self) -> tuple[Debt, ...]:
        """All that are in force in any repository, oldest first."""
        return tuple(_debt(row) for row in self._database.rows(f"{_DEBT} where ended is null order by id"))

    def release(self, debt: Debt, end: DebtEnd, because: str, by_pull: int, at: datetime) -> bool:
        """Ends one that is in force; False when it is not."""
        query = (
            "update debts set ended = %s, ended_at = %s, ended_by = %s, because = %s"
            " where id = %s and ended is null"
        )
        return self._database.run(query, (end.value, at, by_pull, plain(because), debt.id)) == 1


def _hotfix(row: Row) -> Hotfix:
    return Hotfix(
        id=row["id"],
        installation_id=row["installation_id"],
        config_repository_id=row["config_repository_id"],
        source=row["source"],
        source_repository_id=row["source_repository_id"],
        release_id=row["release_id"],
        fix_sha=row["fix_sha"],
        branch=row["branch"],
        components=from_json(row["components"]),
        by=Actor(id=row["by_id"], login=row["by_login"]) if row["by_id"] is not None else None,
        via=Door(row["via"]) if row["via"] else None,
        declared_at=row["declared_at"],
        postmortem=row["postmortem"],
    )


def _debt(row: Row) -> Debt:
    end = DebtEnd(row["ended"]) if row["ended"] else None
    kept = {name: value for name, value in row.items() if name != "ended"}
    return Debt(**{**kept, "tag": from_json(row["tag"])[row["component"]], "end": end})
