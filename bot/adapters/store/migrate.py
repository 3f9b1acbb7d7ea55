"""Brings a database to the present schema: Procrastinate's, then ours, then the application's role.

Safe when several processes start at once (one advisory lock), quiet when there is nothing to do.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bot.errors import Retryable, UserError

ROLE = "lockstep_app"
"""What the application runs as: it may add to the ledger, and neither change nor delete there (case 98)."""

STEPS = Path(__file__).parent / "migrations"
HEAD = max(path.stem[1:5] for path in (STEPS / "versions").glob("r[0-9]*.py"))
LOCK = 7_241_101
OURS = (
    "deliveries", "subjects", "ledger", "ledger_once", "ledger_attempts", "releases", "repositories", "promotions",
    "requests", "api_budget", "api_requests", "settings_kv", "refused_runs", "installations", "lockstep_schema",
    "source_pins", "approve_comments", "approval_records", "overrides", "holds", "deployments", "rollbacks", "vetoes",
    "validations", "validation_overrides", "deployment_requests", "validation_incidents",
    "notify_plans", "notify_channels", "notices",
    "hotfixes", "debts",
)  # fmt: skip


def migrate(url: str) -> None:
    """Applies what is missing to the database at `url` (a conninfo or URL).

    Raises UserError when the login may not do that (it names the SQL that an administrator runs), Retryable when
    the database does not answer.
    """
    try:
        with psycopg.connect(
            url, autocommit=True, connect_timeout=10, application_name="lockstep-migrate"
        ) as one:
            one.execute("set lock_timeout = '120s'")
            one.execute("select pg_advisory_lock(%s)", (LOCK,))
            if _is_current(one):
                return
            _procrastinate(one)
            _ours(url)
            _role(one)
    except psycopg.OperationalError as error:
        raise Retryable(f"the database does not answer: {str(error).splitlines()[0]}") from error


def _is_current(one: psycopg.Connection[Any]) -> bool:
    """Looked up without Alembic, which takes a third of a second to import."""
    if not _exists(one, "lockstep_schema") or not _exists(one, "lockstep_procrastinate"):
        return False
    row = one.execute("select version_num from lockstep_schema").fetchone()
    done = one.execute("select count(*) from lockstep_procrastinate").fetchone()
    granted = one.execute(
        "select 1 from pg_roles where rolname = %s and has_table_privilege(rolname, 'ledger', 'insert')",
        (ROLE,),
    ).fetchone()
    return (
        row == (HEAD,)
        and granted is not None
        and done is not None
        and done[0] >= len(_steps_of_procrastinate())
    )


def _exists(one: psycopg.Connection[Any], table: str) -> bool:
    row = one.execute("select to_regclass(%s)", (table,)).fetchone()
    return row is not None and row[0] is not None


def _steps_of_procrastinate() -> list[str]:
    folder = resources.files("procrastinate.sql") / "migrations"
    return sorted(file.name for file in folder.iterdir() if file.name.endswith(".sql"))


def _procrastinate(one: psycopg.Connection[Any]) -> None:
    """Procrastinate's schema as installed, and on a later version its own steps that are not applied yet."""
    package = resources.files("procrastinate.sql")
    with one.transaction():
        one.execute("create table if not exists lockstep_procrastinate (step text primary key)")
        if not _exists(one, "procrastinate_jobs"):
            one.execute((package / "schema.sql").read_bytes())
            missing = []
        else:
            done = {row[0] for row in one.execute("select step from lockstep_procrastinate")}
            missing = [step for step in _steps_of_procrastinate() if done and step not in done]
        for step in missing:
            one.execute((package / "migrations" / step).read_bytes())
        rows = [(step,) for step in _steps_of_procrastinate()]
        one.cursor().executemany(
            "insert into lockstep_procrastinate values (%s) on conflict do nothing", rows
        )


def _ours(url: str) -> None:
    """Alembic over our own connection, so that any conninfo works, not only SQLAlchemy's kind of URL."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _role(one: psycopg.Connection[Any]) -> None:
    """Creates the role and grants it what it needs; granting again is harmless."""
    login = one.info.user
    try:
        _create_role(one)
        with one.transaction():
            tables = [sql.Identifier(name) for name in _tables(one)]
            role, ledger = sql.Identifier(ROLE), sql.SQL("ledger, ledger_once")
            every = sql.SQL(", ").join(tables)
            one.execute(sql.SQL("grant usage on schema public to {}").format(role))
            one.execute(sql.SQL("grant select, insert, update, delete on {} to {}").format(every, role))
            one.execute(sql.SQL("revoke update, delete, truncate on {} from {}").format(ledger, role))
            schema = sql.Identifier("lockstep_schema")
            one.execute(sql.SQL("revoke insert, update, delete on {} from {}").format(schema, role))
            one.execute(sql.SQL("grant usage on all sequences in schema public to {}").format(role))
    except psycopg.errors.InsufficientPrivilege as error:
        raise UserError(
            f"the database login {login} of DATABASE_URL may not set up the role {ROLE} "
            f"({error.diag.message_primary}): let an administrator run "
            f"`CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO {login};` and start again"
        ) from error


def _create_role(one: psycopg.Connection[Any]) -> None:
    role = sql.Identifier(ROLE)
    if one.execute("select 1 from pg_roles where rolname = %s", (ROLE,)).fetchone() is None:
        try:
            one.execute(sql.SQL("create role {} nologin").format(role))
        except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
            # Roles belong to all databases of a server: another one was set up in the same moment.
            return _create_role(one)
    try:
        one.execute(sql.SQL("set role {}").format(role))
        one.execute("reset role")
    except psycopg.errors.InsufficientPrivilege:
        one.execute(sql.SQL("grant {} to current_user").format(role))


def _tables(one: psycopg.Connection[Any]) -> list[str]:
    found = one.execute(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        " and (relname = any(%s) or relname like 'procrastinate\\_%%')",
        (list(OURS),),
    )
    return [row[0] for row in found]
