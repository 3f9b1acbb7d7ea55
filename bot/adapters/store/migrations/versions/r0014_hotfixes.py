"""Hotfixes and their debts (rows R7, B5)."""

from bot.adapters.store.migrations import run

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = """
alter table promotions drop constraint promotions_kind_check;
alter table promotions add constraint promotions_kind_check
    check (kind in ('promotion', 'rollback', 'hotfix', 'alerts'));
alter table requests add column hotfix boolean not null default false;
create table hotfixes (
    id bigint generated always as identity primary key,
    installation_id bigint not null,
    config_repository_id bigint not null,
    source text not null,
    source_repository_id bigint not null,
    release_id text not null,
    fix_sha text not null,
    branch text not null,
    components jsonb not null,
    by_id bigint,
    by_login text,
    via text,
    declared_at timestamptz not null,
    postmortem integer,
    unique (config_repository_id, release_id)
);
create table debts (
    id bigint generated always as identity primary key,
    config_repository_id bigint not null,
    environment text not null,
    component text not null,
    tag jsonb not null,
    hotfix_id bigint not null references hotfixes (id),
    source text not null,
    fix_sha text not null,
    pull_number integer not null,
    gates jsonb not null,
    since timestamptz not null,
    ended text check (ended in ('flowed back', 'rolled back', 'waived')),
    ended_at timestamptz,
    ended_by integer,
    because text not null default '',
    unique (config_repository_id, environment, component, pull_number)
);
create index debts_in_force on debts (config_repository_id) where ended is null;
"""


def upgrade() -> None:
    """Creates the tables."""
    run(TABLES)
