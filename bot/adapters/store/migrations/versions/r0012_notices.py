"""Who is told what: the plan by config repository, the tidings on their way, and how each channel does (row P10)."""

from bot.adapters.store.migrations import run

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
create table notify_plans (
    repository_id bigint primary key,
    keys text[] not null,
    earlier text[] not null default '{}',
    changed_after bigint not null,
    told_until bigint not null,
    also bigint[] not null,
    plan jsonb not null
);
create table notify_channels (
    repository_id bigint not null,
    name text not null,
    kind text not null,
    missing text not null default '',
    trouble text not null default '',
    failing_since timestamptz,
    failures int not null default 0,
    not_before timestamptz,
    sent_at timestamptz,
    primary key (repository_id, name)
);
create table notices (
    id bigint generated always as identity primary key,
    repository_id bigint not null,
    channel text not null,
    seq bigint not null,
    at timestamptz not null,
    group_key text not null,
    dedup text not null,
    tiding jsonb not null,
    tries int not null default 0,
    message text,
    sent_at timestamptz,
    dropped_at timestamptz,
    dropped_because text,
    unique (repository_id, channel, seq)
);
create index notices_waiting on notices (repository_id) where sent_at is null and dropped_at is null;
create index notices_dedup on notices (repository_id, channel, dedup, at);
create index notices_told on notices (repository_id, sent_at);
"""

# Called by whoever writes a ledger row, in that transaction: the row and the job that tells it are both there or
# neither. The advisory lock of the ledger's chain is held then; who reads untold rows takes the same lock, or a job
# that is running already could miss a row that is not committed yet.
PLAN = """
create function lockstep_plan_telling(p_event text, p_decision text, p_repository bigint) returns void
language sql as $$
    select lockstep_wake(format('tidings:%s:%s', r.installation_id, r.id), null)
    from notify_plans p join repositories r on r.id = p.repository_id
    where p_event || '.' || p_decision = any(p.keys)
        and (p_repository = p.repository_id or p_repository = any(p.also))
$$;
"""


def upgrade() -> None:
    """Creates the tables and the function."""
    for sql in (TABLES, PLAN):
        run(sql)
