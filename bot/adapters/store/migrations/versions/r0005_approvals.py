"""Approvals: what was said with `/approve`, and which content each yes was given to (row B1)."""

from bot.adapters.store.migrations import run

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
create table approve_comments (
    comment_id bigint not null,
    repository_id bigint not null,
    pull_number integer not null,
    author_id bigint not null,
    author_login text not null,
    head_sha text,
    cancels boolean not null,
    created_at timestamptz not null,
    primary key (comment_id, cancels)
);
create index approve_comments_of_pull on approve_comments (repository_id, pull_number);
create table approval_records (
    repository_id bigint not null,
    pull_number integer not null,
    via text not null,
    source_id bigint not null,
    person_id bigint not null,
    person_login text not null,
    head_sha text not null,
    content text not null,
    given_at timestamptz not null,
    primary key (repository_id, pull_number, via, source_id)
);
"""


def upgrade() -> None:
    """Creates the tables."""
    run(TABLES)
