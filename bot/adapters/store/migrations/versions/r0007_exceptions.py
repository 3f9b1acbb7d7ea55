"""Exceptions that people make: overrides of gates (row B2), and holds."""

from bot.adapters.store.migrations import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = """
create table overrides (
    id bigint generated always as identity primary key,
    repository_id bigint not null,
    pull_number integer not null,
    base_ref text not null,
    head_sha text not null,
    environment text not null,
    gate text not null,
    reason text not null,
    by_id bigint not null,
    by_login text not null,
    comment_id bigint,
    given_at timestamptz not null,
    expires_at timestamptz not null,
    cancelled_at timestamptz,
    cancelled_by_id bigint,
    cancelled_by_login text,
    unique (repository_id, pull_number, gate, head_sha, given_at)
);
create unique index overrides_by_comment on overrides (comment_id, gate) where comment_id is not null;
create table holds (
    id bigint generated always as identity primary key,
    repository_id bigint not null,
    environment text,
    pull_number integer,
    reason text not null,
    by_id bigint not null,
    by_login text not null,
    at timestamptz not null,
    released_at timestamptz,
    released_by_id bigint,
    released_by_login text,
    check ((environment is null) <> (pull_number is null))
);
create unique index holds_in_force on holds (repository_id, coalesce(environment, ''), coalesce(pull_number, 0))
    where released_at is null;
"""


def upgrade() -> None:
    """Creates the tables."""
    run(TABLES)
