"""Small durable marks, such as how far the sweep has read GitHub's delivery log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.types.json import Jsonb

from bot.adapters.store.database import Database
from bot.adapters.store.text import plain_json


class Marks:
    """JSON values by key. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> Any:
        """The value; None when there is none."""
        row = self._database.row("select value from settings_kv where key = %s", (key,))
        return row["value"] if row else None

    def under(self, prefix: str) -> Mapping[str, Any]:
        """All values whose key starts with `prefix`, by key."""
        rows = self._database.rows(
            "select key, value from settings_kv where starts_with(key, %s) order by key", (prefix,)
        )
        return {row["key"]: row["value"] for row in rows}

    def drop(self, key: str) -> None:
        """Forgets the value."""
        self._database.run("delete from settings_kv where key = %s", (key,))

    def put(self, key: str, value: Any) -> None:
        """Keeps a JSON value, its texts made plain, in place of the one before."""
        self._database.run(
            "insert into settings_kv values (%s, %s) on conflict (key) do update set value = excluded.value",
            (key, Jsonb(plain_json(value))),
        )
