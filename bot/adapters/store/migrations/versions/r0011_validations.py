"""The production validation: its runs, overrides, requests to deploy, incidents (rows C1 to C6)."""

from bot.adapters.store.migrations import run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = """
create table validations (
    config_repository_id bigint not null,
    run_id bigint not null,
    attempt integer not null,
    outcome text not null,
    deployment text not null,
    run_url text not null,
    head_sha text not null,
    branch text not null,
    why text not null,
    flows integer not null,
    failed jsonb not null,
    artifacts text[] not null,
    at timestamptz not null,
    primary key (config_repository_id, run_id, attempt)
);
create table validation_overrides (
    id bigint generated always as identity primary key,
    config_repository_id bigint not null,
    deployment text not null,
    run_id bigint not null,
    attempt integer not null,
    by_id bigint not null,
    by_login text not null,
    reason text not null,
    at timestamptz not null,
    expires_at timestamptz not null,
    comment_id bigint not null,
    cancelled_at timestamptz,
    unique (config_repository_id, run_id, attempt, comment_id)
);
create table deployment_requests (
    repository_id bigint not null,
    installation_id bigint not null,
    deployment_id bigint not null,
    run_id bigint not null,
    environment text not null,
    sha text not null,
    state text not null,
    said text not null default '',
    comments integer not null default 0,
    at timestamptz not null,
    primary key (repository_id, deployment_id)
);
create index deployment_requests_pending on deployment_requests (installation_id) where state = 'pending';
create table validation_incidents (
    id bigint generated always as identity primary key,
    config_repository_id bigint not null,
    opened_at timestamptz not null,
    deployment text not null,
    run_id bigint not null,
    alerts integer not null default 1,
    acknowledged_at timestamptz,
    acknowledged_by_id bigint,
    acknowledged_by_login text,
    decided text,
    decided_at timestamptz,
    decided_by_id bigint,
    decided_by_login text,
    decided_because text not null default '',
    false_positive boolean not null default false,
    reminders integer not null default 0,
    reminded_at timestamptz,
    closed_at timestamptz
);
create unique index validation_incidents_open on validation_incidents (config_repository_id)
    where closed_at is null;
"""


def upgrade() -> None:
    """Creates the tables."""
    run(TABLES)
