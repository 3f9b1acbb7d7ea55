"""The inbox, the subjects, and the two functions that receive a delivery and wake its subject.

Needs Procrastinate's schema, which `migrate` applies before.
"""

from bot.adapters.store.migrations import run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
create table deliveries (
    id text primary key,
    event text not null,
    action text,
    subject text not null,
    installation_id bigint not null,
    account_login text not null,
    repository_id bigint,
    payload bytea not null,
    received_at timestamptz not null,
    completed_at timestamptz,
    outcome text
);
-- Not compressed: that would take longer than everything else that receiving a delivery costs. They are pruned.
alter table deliveries alter column payload set storage external;
create index deliveries_pending on deliveries (subject, received_at) where completed_at is null;
create index deliveries_completed on deliveries (completed_at) where completed_at is not null;

create table subjects (
    subject text primary key,
    attempts int not null default 0,
    last_error text not null default '',
    not_before timestamptz,
    parked_at timestamptz
);
"""

# Procrastinate announces inserted jobs only. A job that runs keeps the next one of its subject back; when it
# ends, somebody has to say so, or the next one waits for the worker's poll. Told always, not only when one
# waits: a twin that is being inserted in the same moment is invisible here.
ANNOUNCE = """
create function lockstep_announce(p_queue text, p_job bigint) returns void language plpgsql as $$
declare
    message text := json_build_object('type', 'job_inserted', 'job_id', p_job)::text;
begin
    perform pg_notify('procrastinate_queue_v1#' || p_queue, message);
    perform pg_notify('procrastinate_any_queue_v1', message);
end $$;

create function lockstep_job_ended() returns trigger language plpgsql as $$
begin
    perform lockstep_announce(old.queue_name, old.id);
    return null;
end $$;
create trigger lockstep_job_deleted after delete on procrastinate_jobs
    for each row when (old.status = 'doing') execute function lockstep_job_ended();
create trigger lockstep_job_left after update of status on procrastinate_jobs
    for each row when (old.status = 'doing' and new.status <> 'doing')
    execute function lockstep_job_ended();
"""

# Procrastinate keeps a history of each job in a table of its own: three rows and a cascade for a job that is deleted
# a moment later. The ledger and the deliveries are our history, so nobody reads it.
NO_HISTORY = """
do $$
declare
    v_trigger name;
begin
    for v_trigger in
        select tgname from pg_trigger
            where tgrelid = 'procrastinate_jobs'::regclass and tgname like 'procrastinate\\_trigger\\_%\\_events\\_%'
    loop
        execute format('alter table procrastinate_jobs disable trigger %I', v_trigger);
    end loop;
end $$;
"""

# At most one job of a subject waits (unique index on queueing_lock where status = 'todo'); a second wake only
# pulls the waiting one forward. A job that this function sees waiting starts after this moment, so whatever the
# caller committed before is seen by it. What the caller has not committed yet, see lockstep_receive.
WAKE = """
create function lockstep_wake(p_subject text, p_at timestamptz) returns void language plpgsql as $$
declare
    v_at timestamptz := case when p_at > now() then p_at end;
    v_id bigint;
    v_planned timestamptz;
begin
    loop
        select id, scheduled_at into v_id, v_planned
            from procrastinate_jobs where queueing_lock = p_subject and status = 'todo';
        if not found then
            insert into procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, scheduled_at)
                values ('look', 'look', p_subject, p_subject,
                        jsonb_build_object('subject', p_subject), v_at)
                on conflict (queueing_lock) where status = 'todo' do nothing;
            exit when found;
        else
            exit when v_planned is null or v_planned <= coalesce(v_at, now());
            update procrastinate_jobs set scheduled_at = v_at
                where id = v_id and status = 'todo' and scheduled_at = v_planned;
            if found then
                if v_at is null then
                    perform lockstep_announce('look', v_id);
                end if;
                exit;
            end if;
        end if;
    end loop;
end $$;
"""

# The delivery and its job are one transaction. The shared lock, taken first, closes the gap between them: a
# job that we find waiting may be started by a worker while we are not committed yet. lockstep_pending takes the
# same lock exclusively before it reads, so that worker waits for us and sees our delivery. (Locking the job's
# row instead would make workers skip it, and a steady stream of deliveries could starve the subject.)
RECEIVE = """
create function lockstep_receive(
    p_id text, p_event text, p_action text, p_subject text, p_installation bigint, p_account text,
    p_repository bigint, p_payload bytea, p_at timestamptz
) returns text language plpgsql as $$
declare
    v_subject text;
    v_completed timestamptz;
begin
    perform pg_advisory_xact_lock_shared(hashtextextended(p_subject, 1));
    loop
        insert into deliveries
            (id, event, action, subject, installation_id, account_login, repository_id, payload, received_at)
            values (p_id, p_event, p_action, p_subject, p_installation, p_account, p_repository, p_payload, p_at)
            on conflict (id) do nothing;
        if found then
            perform lockstep_wake(p_subject, null);
            return 'stored';
        end if;
        select subject, completed_at into v_subject, v_completed from deliveries where id = p_id;
        if found and v_completed is not null then
            return 'completed before';
        elsif found then
            perform lockstep_wake(v_subject, null);
            return 'stored again';
        end if;
    end loop;
end $$;

create function lockstep_pending(p_subject text)
    returns table (id text, event text, action text, subject text, received_at timestamptz, payload bytea)
    language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(p_subject, 1));
    return query
        select d.id, d.event, d.action, d.subject, d.received_at, d.payload from deliveries d
            where d.subject = p_subject and d.completed_at is null
            order by d.received_at, d.id;
end $$;
"""

# A replay. The lock is for the same reason as in lockstep_receive.
REOPEN = """
create function lockstep_reopen(p_id text) returns text language plpgsql as $$
declare
    v_subject text;
begin
    select subject into v_subject from deliveries where id = p_id;
    if not found then
        return null;
    end if;
    perform pg_advisory_xact_lock_shared(hashtextextended(v_subject, 1));
    update deliveries set completed_at = null, outcome = null where id = p_id;
    update subjects set parked_at = null, attempts = 0 where subject = v_subject;
    perform lockstep_wake(v_subject, null);
    return v_subject;
end $$;
"""

# Jobs of workers whose heart stopped. Deleting one and waking its subject treats both cases alike: without a
# waiting twin there is a new job, with one the twin is pulled forward (Procrastinate's own retry would run into
# the unique index). The attempt is counted, because a look that kills its worker would otherwise come back
# for ever.
RECLAIM = """
create function lockstep_reclaim(p_seconds double precision) returns setof text language plpgsql as $$
declare
    v_job record;
begin
    for v_job in
        select j.id, j.queueing_lock as subject from procrastinate_jobs j
            left join procrastinate_workers w on w.id = j.worker_id
            where j.status = 'doing' and j.queue_name = 'look'
                and (w.id is null or w.last_heartbeat < now() - make_interval(secs => p_seconds))
            for update of j skip locked
    loop
        perform procrastinate_finish_job_v1(v_job.id, 'failed', true);
        insert into subjects (subject, attempts, last_error) values (v_job.subject, 1, 'the worker died')
            on conflict (subject) do update
            set attempts = subjects.attempts + 1, last_error = excluded.last_error;
        perform lockstep_wake(v_job.subject, null);
        return next v_job.subject;
    end loop;
end $$;
"""


def upgrade() -> None:
    """Creates everything."""
    for sql in (TABLES, ANNOUNCE, NO_HISTORY, WAKE, RECEIVE, REOPEN, RECLAIM):
        run(sql)
