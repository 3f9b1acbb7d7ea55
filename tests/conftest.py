"""What every test may ask for: a real PostgreSQL, started once, and an empty store in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from bot.adapters.store import Database, Store, embedded, migrate

# How fast values are made, and how long one example takes, is the machine's affair, and it may be busy.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off")
"""Crash safety is not what most tests look at."""
_KEPT = ("lockstep_schema", "lockstep_procrastinate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """The tests' server. `admin` is the address of its superuser's own database."""

    home: Path
    admin: str

    def url(self, database: str) -> str:
        """The address of another database of this server."""
        return make_conninfo(self.admin, dbname=database)

    def create(self, database: str) -> str:
        """A new, empty database, without a schema; its address."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
        return self.url(database)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """An embedded server in a home of its own, with the migrated database `lockstep`.

    Not in pytest's temporary folder: that is closed to the account which runs PostgreSQL for root.
    """
    home = Path(tempfile.mkdtemp(prefix="lockstep-test-"))
    server = Postgres(home=home, admin=embedded.ensure(home, settings=_FAST))
    migrate(server.create("lockstep"))
    yield server
    embedded.stop(home)
    shutil.rmtree(home)


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """The address of a database with the whole schema and no rows; its login may do anything."""
    url = postgres.url("lockstep")
    yield url
    with psycopg.connect(url, autocommit=True) as connection:
        _empty(connection)


_EMPTY = """
do $$
declare found record;
begin
    for found in
        select oid::regclass as name, oid as number from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> all({kept})
    loop
        -- Nothing vacuums here: what thousands of deleted rows left behind would be read by every statement after.
        if pg_relation_size(found.number) > 1024 * 1024 then
            execute format('truncate %s cascade', found.name);
        else
            execute format('delete from %s', found.name);
        end if;
    end loop;
end $$
"""


def _empty(connection: psycopg.Connection[tuple[str]]) -> None:
    """Empties every table. Faster than a copy of a template, and than TRUNCATE, for a few rows."""
    connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    # The ledger's triggers let nobody delete; they do not fire for a replica.
    connection.execute("set session_replication_role = replica")
    connection.execute(sql.SQL(_EMPTY).format(kept=sql.Literal(list(_KEPT))))


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store."""
    with Store(Database(lambda: database_url)) as opened:
        yield opened


@pytest.fixture
def patient_store(database_url: str) -> Iterator[Store]:
    """An empty store for tests that ask what is done and not how fast: a busy machine is no outage to it."""
    with Store(Database(lambda: database_url, wait=60, silence=60)) as opened:
        yield opened
