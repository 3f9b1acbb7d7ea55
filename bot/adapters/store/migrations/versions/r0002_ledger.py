"""The ledger: rows that are numbered, chained by their hashes and never changed (row P11, attack case 98)."""

from bot.adapters.store.migrations import run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = """
create table ledger (
    seq bigint primary key,
    at timestamptz not null,
    event text not null,
    decision text not null,
    reason text not null,
    actor_id bigint,
    actor_login text,
    delivery_id text,
    subject text,
    installation_id bigint,
    repository_id bigint,
    pull_number int,
    head_sha text,
    details jsonb not null default '{}',
    previous_hash bytea not null,
    hash bytea not null
);
create index ledger_subject on ledger (subject, seq);
create index ledger_event on ledger (event, seq);
create index ledger_at on ledger (at);
"""

# The number comes from the chain, not from a sequence: a sequence leaves a gap when a transaction is rolled
# back, and a gap must mean a deleted row. The text is that of a jsonb array: one spelling for one content.
CHAIN = """
create function lockstep_ledger_hash(r ledger) returns bytea language sql stable as $$
    select sha256(r.previous_hash || convert_to(jsonb_build_array(
        r.seq, to_char(r.at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US'), r.event, r.decision, r.reason,
        r.actor_id, r.actor_login, r.delivery_id, r.subject, r.installation_id, r.repository_id,
        r.pull_number, r.head_sha, r.details)::text, 'UTF8'))
$$;

create function lockstep_ledger_chain() returns trigger language plpgsql as $$
declare
    v_last record;
begin
    -- One writer at a time until its commit, or two rows could follow the same one.
    perform pg_advisory_xact_lock(19077, 1);
    select seq, hash into v_last from ledger order by seq desc limit 1;
    new.seq := coalesce(v_last.seq, 0) + 1;
    new.previous_hash := coalesce(v_last.hash, decode(repeat('00', 32), 'hex'));
    new.hash := lockstep_ledger_hash(new);
    return new;
end $$;
create trigger lockstep_ledger_chain before insert on ledger
    for each row execute function lockstep_ledger_chain();

create function lockstep_ledger_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger lockstep_ledger_keep before update or delete or truncate on ledger
    for each statement execute function lockstep_ledger_is_append_only();
"""

VERIFY = """
create function lockstep_ledger_verify() returns table (seq bigint, trouble text) language sql stable as $$
    with chain as (
        select l.seq, l.hash, l.previous_hash, lockstep_ledger_hash(l) as computed,
               lag(l.seq, 1, 0::bigint) over w as last_seq,
               lag(l.hash, 1, decode(repeat('00', 32), 'hex')) over w as last_hash
        from ledger l window w as (order by l.seq)
    )
    select chain.seq, case
        when chain.seq <> last_seq + 1 then
            case when chain.seq = last_seq + 2 then format('row %s before it is missing', last_seq + 1)
            else format('rows %s to %s before it are missing', last_seq + 1, chain.seq - 1) end
        when previous_hash <> last_hash then 'it does not follow the row before it'
        else 'its content is not what was written' end
    from chain
    where chain.seq <> last_seq + 1 or previous_hash <> last_hash or hash <> computed
    order by chain.seq limit 1
$$;
"""


def upgrade() -> None:
    """Creates the table with its triggers, and the check."""
    for sql in (TABLE, CHAIN, VERIFY):
        run(sql)
