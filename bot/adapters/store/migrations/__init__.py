"""The schema, one file a step, applied in order by Alembic (see `bot.adapters.store.migrate`).

A step that has been released is never edited; a new one follows it. `run` sends plain SQL to psycopg, because
Alembic's own `op.execute` reads every `:word` in it as a parameter.
"""

from __future__ import annotations

import psycopg
from alembic import op


def run(sql: str) -> None:
    """Executes one or more statements inside the step's transaction."""
    connection = op.get_bind().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("migrations need a psycopg connection")
    connection.execute(sql.encode())
