"""Releases: what accepted artifacts handed over, and which runs were refused (row R1)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.adapters.store.components import from_json, to_json
from bot.adapters.store.database import Database, Row
from bot.adapters.store.text import plain
from bot.model.release import Release

_FIELDS = (
    "id", "installation_id", "source", "source_repository_id", "repository", "run_id", "run_attempt", "run_number",
    "run_url", "head_sha", "branch", "event", "artifact_sha256", "components", "accepted_at",
)  # fmt: skip
_COLUMNS = ", ".join(_FIELDS)


class Releases:
    """Accepted releases and refused runs. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def accept(self, release: Release) -> bool:
        """Records it; False when its run's attempt is on record already."""
        values = [
            to_json(release.components) if name == "components" else getattr(release, name)
            for name in _FIELDS
        ]
        marks = ", ".join(["%s"] * len(_FIELDS))
        query = f"insert into releases ({_COLUMNS}) values ({marks}) on conflict do nothing"  # noqa: S608 - our own names
        return self._database.run(query, values) == 1

    def refuse(
        self, source_repository_id: int, run_id: int, run_attempt: int, code: str, at: datetime
    ) -> bool:
        """Records that a run's attempt was refused, with a word for why; False when it was refused before."""
        query = "insert into refused_runs values (%s, %s, %s, %s, %s) on conflict do nothing"
        return (
            self._database.run(query, (source_repository_id, run_id, run_attempt, plain(code, 100), at)) == 1
        )

    def was_judged(self, source_repository_id: int, run_id: int, run_attempt: int) -> bool:
        """Whether a run's attempt was accepted or refused before."""
        key = (source_repository_id, run_id, run_attempt)
        row = self._database.row(
            "select 1 as yes from releases where source_repository_id = %s and run_id = %s and run_attempt = %s"
            " union all select 1 from refused_runs"
            " where source_repository_id = %s and run_id = %s and run_attempt = %s",
            key + key,
        )
        return row is not None

    def of_run(self, source_repository_id: int, run_id: int, run_attempt: int) -> Release | None:
        """The release that a run's attempt handed over."""
        query = (
            f"select {_COLUMNS} from releases"  # noqa: S608 - our own names
            " where source_repository_id = %s and run_id = %s and run_attempt = %s"
        )
        row = self._database.row(query, (source_repository_id, run_id, run_attempt))
        return _release(row) if row else None

    def recent(self, source_repository_id: int, source: str, limit: int = 50) -> tuple[Release, ...]:
        """The newest accepted releases of a source, newest first by run number and attempt."""
        query = (
            f"select {_COLUMNS} from releases where source_repository_id = %s and source = %s"  # noqa: S608 - our own names
            " order by run_id desc, run_attempt desc limit %s"
        )
        return tuple(
            _release(row) for row in self._database.rows(query, (source_repository_id, source, limit))
        )

    def newest(self, limit: int = 20) -> tuple[Release, ...]:
        """The releases that were accepted last, of all sources, newest first."""
        query = f"select {_COLUMNS} from releases order by accepted_at desc, run_number desc limit %s"  # noqa: S608 - our own names
        return tuple(_release(row) for row in self._database.rows(query, (limit,)))

    def by_digest(self, source_repository_id: int, digests: Collection[str]) -> Mapping[str, Release]:
        """For each digest that a release of this repository brought, the newest such release."""
        columns = ", ".join(f"r.{name}" for name in _FIELDS)
        query = (
            f"select distinct on (brought) c.value ->> 'digest' as brought, {columns}"  # noqa: S608 - our own names
            " from releases r, jsonb_each(r.components) c"
            " where r.source_repository_id = %s and c.value ->> 'digest' = any(%s)"
            " order by brought, run_id desc, run_attempt desc"
        )
        rows = self._database.rows(query, (source_repository_id, list(digests)))
        return {row["brought"]: _release(row) for row in rows}

    def find(self, release_id: str) -> Release | None:
        """A release by its id."""
        query = f"select {_COLUMNS} from releases where id = %s"  # noqa: S608 - our own names
        row = self._database.row(query, (release_id,))
        return _release(row) if row else None


def _release(row: Row) -> Release:
    return Release(**{**{name: row[name] for name in _FIELDS}, "components": from_json(row["components"])})
