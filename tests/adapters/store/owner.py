"""The database's owner, for what the application itself may not do."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from bot.adapters.store import Store


def owner_of(store: Store) -> psycopg.Connection[tuple[Any, ...]]:
    """An autocommit connection without the application's role and time limits."""
    return psycopg.connect(make_conninfo(store.database.conninfo(), options=""), autocommit=True)
