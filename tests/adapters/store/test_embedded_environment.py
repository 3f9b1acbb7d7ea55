"""The embedded server beside another PostgreSQL of the user's: their environment speaks of that one."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from bot.adapters.store import embedded


@pytest.mark.parametrize("name", ["PGPORT", "PGDATA", "PGUSER", "PGDATABASE"])
def test_settings_for_another_server_do_not_reach_the_embedded_one(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "6543")
    home = Path(tempfile.mkdtemp(prefix="lockstep-test-"))
    try:
        with psycopg.connect(embedded.ensure(home)) as connection:
            row = connection.execute("select 1").fetchone()
        assert row == (1,)
    finally:
        embedded.stop(home)
        shutil.rmtree(home)
