"""Releases, repositories, promotions, requests, the API budget and small durable marks."""

from bot.adapters.store.migrations import run

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PROMOTIONS = """
create table releases (
    id text primary key,
    installation_id bigint not null,
    source_repository_id bigint not null,
    source text not null,
    repository text not null,
    run_id bigint not null,
    run_attempt int not null,
    run_number bigint not null,
    run_url text not null,
    head_sha text not null,
    branch text not null,
    event text not null,
    artifact_sha256 text not null,
    components jsonb not null,
    accepted_at timestamptz not null,
    unique (source_repository_id, run_id, run_attempt)
);
create index releases_newest on releases (source_repository_id, source, run_number desc, run_attempt desc);

create table refused_runs (
    source_repository_id bigint not null,
    run_id bigint not null,
    run_attempt int not null,
    code text not null,
    refused_at timestamptz not null,
    primary key (source_repository_id, run_id, run_attempt)
);

create table installations (
    id bigint primary key,
    seen_at timestamptz not null
);

create table repositories (
    id bigint primary key,
    installation_id bigint not null,
    node_id text not null,
    full_name text not null,
    default_branch text not null,
    url text not null default '',
    is_config bool not null default false,
    seen_at timestamptz not null
);
create index repositories_installation on repositories (installation_id);

create table promotions (
    id bigint generated always as identity primary key,
    installation_id bigint not null,
    config_repository_id bigint not null,
    environment text not null,
    source text not null,
    pull_number int not null,
    branch text not null,
    head_sha text not null,
    components jsonb not null,
    release_ids text[] not null,
    requested_by_id bigint,
    requested_by_login text,
    state text not null check (state in ('open', 'merged', 'closed')),
    opened_at timestamptz not null,
    closed_at timestamptz,
    unique (config_repository_id, pull_number)
);
create index promotions_environment on promotions (config_repository_id, environment, opened_at desc);
create index promotions_open on promotions (config_repository_id) where state = 'open';

create table requests (
    comment_id bigint not null,
    installation_id bigint not null,
    config_repository_id bigint not null,
    pull_number int not null,
    environment text not null,
    components text[] not null,
    actor_id bigint not null,
    actor_login text not null,
    asked_at timestamptz not null,
    answered_at timestamptz,
    answer text,
    primary key (comment_id, environment)
);
create index requests_waiting on requests (config_repository_id, environment) where answered_at is null;
"""

BUDGET = """
create table api_budget (
    installation_id bigint not null,
    resource text not null,
    remaining int,
    limit_ int,
    reset_at timestamptz,
    blocked_until timestamptz,
    strikes int not null default 0,
    primary key (installation_id, resource)
);
create table api_requests (
    installation_id bigint not null,
    purpose text not null,
    hour timestamptz not null,
    count bigint not null,
    primary key (installation_id, purpose, hour)
);
create table settings_kv (
    key text primary key,
    value jsonb not null
);
"""


def upgrade() -> None:
    """Creates the tables."""
    for sql in (PROMOTIONS, BUDGET):
        run(sql)
