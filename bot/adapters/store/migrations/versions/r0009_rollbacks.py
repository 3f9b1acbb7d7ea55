"""Rollbacks and vetoes (rows R6, B3)."""

from bot.adapters.store.migrations import run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
alter table promotions add column kind text not null default 'promotion'
    check (kind in ('promotion', 'rollback'));
create table rollbacks (
    id bigint generated always as identity primary key,
    installation_id bigint not null,
    config_repository_id bigint not null,
    environment text not null,
    key text not null,
    trigger text not null,
    components text[] not null,
    wanted text,
    wanted_undoes integer,
    reason text not null,
    findings text[] not null,
    alert text,
    since timestamptz,
    by_id bigint,
    by_login text,
    asked_on integer not null,
    comment_id bigint,
    asked_at timestamptz not null,
    state text not null,
    answer text not null default '',
    undoes integer,
    pull_number integer,
    before jsonb not null default '{}',
    after jsonb not null default '{}',
    opened_at timestamptz,
    merged_at timestamptz,
    healthy_at timestamptz,
    incident integer,
    unique (config_repository_id, environment, key)
);
create index rollbacks_pending on rollbacks (config_repository_id, environment) where state in ('asked', 'open');
create index rollbacks_pull on rollbacks (config_repository_id, pull_number);
create table vetoes (
    id bigint generated always as identity primary key,
    repository_id bigint not null,
    component text not null,
    digest text not null,
    tag text not null,
    environment text not null,
    reason text not null,
    by_id bigint not null,
    by_login text not null,
    at timestamptz not null,
    rollback_id bigint,
    lifted_at timestamptz,
    lifted_by_id bigint,
    lifted_by_login text,
    lifted_because text not null default ''
);
create unique index vetoes_in_force on vetoes (repository_id, component, digest) where lifted_at is null;
"""


def upgrade() -> None:
    """Creates the tables."""
    run(TABLES)
