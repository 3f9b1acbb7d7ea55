"""Deployments: each promotion from its pull request until it is proven healthy, or back where it was (row P6)."""

from bot.adapters.store.migrations import run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = """
create table deployments (
    config_repository_id bigint not null,
    pull_number integer not null,
    installation_id bigint not null,
    environment text not null,
    source text not null,
    kind text not null check (kind in ('promotion', 'rollback', 'hotfix')),
    components jsonb not null,
    release_ids text[] not null,
    state text not null,
    since timestamptz not null,
    transitions jsonb not null,
    merge_sha text,
    merged_at timestamptz,
    live_at timestamptz,
    reverts integer,
    findings text[] not null default '{}',
    progress jsonb not null default '{}',
    github_id bigint,
    github_state text,
    primary key (config_repository_id, pull_number)
);
create index deployments_environment on deployments (config_repository_id, environment, pull_number desc);
create index deployments_underway on deployments (config_repository_id)
    where state in ('merged', 'syncing', 'verifying');
create index deployments_merge on deployments (config_repository_id, merge_sha) where merge_sha is not null;
"""


def upgrade() -> None:
    """Creates the table."""
    run(TABLES)
