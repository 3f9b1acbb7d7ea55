"""Whether the store can do its work, and its numbers for the scrape."""

from __future__ import annotations

from collections.abc import Mapping

from bot.adapters.store.database import Database
from bot.adapters.store.migrate import HEAD
from bot.errors import Retryable

_NUMBERS = """
with all_overrides as (
    select cancelled_at, expires_at from overrides
    union all select cancelled_at, expires_at from validation_overrides
)
select
    (select count(*) from deliveries where completed_at is null) as deliveries_pending,
    (select coalesce(extract(epoch from now() - min(received_at)), 0) from deliveries where completed_at is null)
        as deliveries_oldest_pending_seconds,
    (select count(*) from procrastinate_jobs where status = 'todo' and coalesce(scheduled_at, now()) <= now())
        as jobs_waiting,
    (select count(*) from procrastinate_jobs where status = 'todo' and scheduled_at > now()) as jobs_planned,
    (select count(*) from procrastinate_jobs where status = 'doing') as jobs_running,
    (select count(*) from procrastinate_workers where last_heartbeat > now() - interval '10 seconds')
        as workers_alive,
    (select count(*) from subjects where parked_at is not null) as subjects_parked,
    (select count(*) from promotions where state = 'open') as promotions_open,
    (select count(*) from all_overrides) as overrides_granted,
    (select count(*) from all_overrides where cancelled_at is null and expires_at > now()) as overrides_in_force,
    (select count(*) from holds where released_at is null) as holds_in_force,
    (select count(*) from vetoes where lifted_at is null) as vetoes_in_force,
    (select count(*) from rollbacks where state = 'open') as rollbacks_open,
    (select count(*) from rollbacks where merged_at is not null) as rollbacks_merged,
    (select coalesce(extract(epoch from healthy_at - merged_at), 0) from rollbacks where healthy_at is not null
        order by healthy_at desc limit 1) as rollback_last_seconds,
    (select coalesce(max(seq), 0) from ledger) as ledger_rows,
    (select count(*) from notify_channels where trouble <> '' and missing = '') as channels_broken,
    (select count(*) from notices where sent_at is null and dropped_at is null) as notices_waiting,
    (select coalesce(greatest(extract(epoch from now() - min(at)), 0), 0) from notices
        where sent_at is null and dropped_at is null)
        as notices_oldest_waiting_seconds,
    (select count(*) from notices where dropped_at > now() - interval '1 day'
        and not starts_with(dropped_because, 'moot:')) as notices_given_up,
    (select coalesce(min(remaining::float / limit_), 1) from api_budget where limit_ > 0 and reset_at > now())
        as api_budget_left_ratio,
    (select count(*) from api_budget where blocked_until > now()) as api_budget_blocked
"""


class Health:
    """Readiness and gauges."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def check(self) -> None:
        """Raises Retryable, saying why, when the database does not answer or its schema is not this program's."""
        row = self._database.row("select version_num from lockstep_schema")
        found = row["version_num"] if row else "none"
        if found != HEAD:
            raise Retryable(
                f"the database's schema is {found}, this program needs {HEAD}: restart after the upgrade"
            )

    def numbers(self) -> Mapping[str, float]:
        """Gauges by fixed name, with their unit where they have one."""
        row = self._database.row(_NUMBERS) or {}
        return {name: float(value or 0) for name, value in row.items()}
