"""Migrations: once, whoever comes first, and with a clear word when the login may not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from bot.adapters.store import Database, Store, migrate
from bot.adapters.store.database import as_application
from bot.adapters.store.migrate import HEAD
from bot.errors import Retryable, UserError
from tests.conftest import Postgres


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[str]:
    """The address of a database without a schema."""
    yield postgres.create("empty")
    with psycopg.connect(postgres.admin, autocommit=True) as connection:
        connection.execute("drop database empty with (force)")


def version(url: str) -> list[tuple[str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("select version_num from lockstep_schema").fetchall()


def test_several_processes_may_migrate_at_once(empty: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, [empty] * 4))
    assert version(empty) == [(HEAD,)]


def test_migrating_again_is_quiet(empty: str) -> None:
    migrate(empty)
    migrate(empty)
    assert version(empty) == [(HEAD,)]


def test_an_ordinary_login_with_the_right_to_create_roles_can_set_everything_up(
    postgres: Postgres, empty: str
) -> None:
    with psycopg.connect(empty, autocommit=True) as owner:
        owner.execute("create role ordinary login createrole")
        owner.execute("grant all on database empty to ordinary")
        owner.execute("grant create, usage on schema public to ordinary")
        owner.execute("grant lockstep_app to ordinary with admin option")
    try:
        url = make_conninfo(empty, user="ordinary")
        migrate(url)
        with Store(Database(lambda: url)) as store:
            store.queue.wake("s")
            assert store.queue.depth().due == 1
    finally:
        drop_role(postgres, "ordinary")


def test_a_login_that_may_not_take_the_role_is_told_what_an_administrator_runs(
    postgres: Postgres, empty: str
) -> None:
    with psycopg.connect(empty, autocommit=True) as owner:
        owner.execute("create role humble login")
        owner.execute("grant create, usage on schema public to humble")
    try:
        with pytest.raises(UserError, match="GRANT lockstep_app TO humble"):
            migrate(make_conninfo(empty, user="humble"))
    finally:
        drop_role(postgres, "humble")


def drop_role(postgres: Postgres, name: str) -> None:
    with psycopg.connect(postgres.url("empty"), autocommit=True) as owner:
        owner.execute(f"drop owned by {name} cascade".encode())
        owner.execute(f"drop role {name}".encode())


def test_a_database_that_does_not_answer_is_retryable_and_its_password_is_not_told() -> None:
    with pytest.raises(Retryable) as told:
        migrate("postgresql://me:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(told.value)


def test_an_address_that_cannot_be_read_names_the_setting() -> None:
    with pytest.raises(UserError, match="DATABASE_URL"):
        as_application("postgresql://[broken")


def test_options_of_the_address_are_kept_beside_the_role() -> None:
    options = psycopg.conninfo.conninfo_to_dict(as_application("dbname=x options='-c work_mem=8MB'"))[
        "options"
    ]
    assert str(options).startswith("-c work_mem=8MB -c role=lockstep_app")
