"""Rollbacks: wishes to go back, and what came of them (row R6). A wish is taken in once, by its key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.adapters.store.components import from_json, to_json
from bot.adapters.store.database import Connection, Database, Row
from bot.adapters.store.text import optional, plain
from bot.model.facts import Actor
from bot.model.image import ComponentTag
from bot.model.rollback import RollbackAsk, RollbackRecord, RollbackState

_ASK = """
insert into rollbacks (installation_id, config_repository_id, environment, key, trigger, components, wanted,
    wanted_undoes, reason, findings, alert, since, by_id, by_login, asked_on, comment_id, asked_at,
    delivery_id, head_sha, state)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'asked')
on conflict (config_repository_id, environment, key) do update
    set state = 'asked', asked_at = excluded.asked_at where rollbacks.state = 'locked'
returning id
"""


class Rollbacks:
    """By config repository and environment. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, ask: RollbackAsk) -> int | None:
        """Records a wish, and its id; None when the same one was recorded before.

        One that a lock stopped is asked again: what kept it then may be over.
        """
        by = ask.by
        values = (
            ask.installation_id, ask.config_repository_id, ask.environment, plain(ask.key, 500),
            plain(ask.trigger, 100), list(ask.components), optional(ask.to), ask.undoes, plain(ask.reason),
            [plain(each) for each in ask.findings], optional(ask.alert), ask.since, by.id if by else None,
            plain(by.login) if by else None, ask.asked_on, ask.comment_id, ask.asked_at,
            ask.delivery_id, ask.head_sha,
        )  # fmt: skip

        def work(connection: Connection) -> int | None:
            row = connection.execute(_ASK.encode(), values).fetchone()
            return int(row["id"]) if row else None

        return self._database.once(work)

    def pending(self, config_repository_id: int, environment: str) -> tuple[RollbackRecord, ...]:
        """Those that wait for the environment's look, or whose pull request is open; oldest first."""
        return self._select(
            "config_repository_id = %s and environment = %s and state in ('asked', 'open') order by id",
            config_repository_id,
            environment,
        )

    def all_pending(self) -> tuple[RollbackRecord, ...]:
        """Those of every environment, for the sweep."""
        return self._select("state in ('asked', 'open') order by id")

    def of(self, config_repository_id: int, environment: str, limit: int = 100) -> tuple[RollbackRecord, ...]:
        """The newest that led to a pull request, newest first."""
        return self._select(
            "config_repository_id = %s and environment = %s and pull_number is not null"
            " order by id desc limit %s",
            config_repository_id,
            environment,
            limit,
        )

    def by_pull(self, config_repository_id: int, pull_number: int) -> RollbackRecord | None:
        """The rollback of a pull request."""
        found = self._select(
            "config_repository_id = %s and pull_number = %s", config_repository_id, pull_number
        )
        return found[0] if found else None

    def keyed(self, config_repository_id: int, environment: str, prefix: str) -> tuple[RollbackRecord, ...]:
        """Those whose key begins so, whatever came of them; newest first."""
        return self._select(
            "config_repository_id = %s and environment = %s and starts_with(key, %s) order by id desc",
            config_repository_id,
            environment,
            prefix,
        )

    def find(self, rollback_id: int) -> RollbackRecord | None:
        """One by its id."""
        found = self._select("id = %s", rollback_id)
        return found[0] if found else None

    def recent(self, limit: int) -> tuple[RollbackRecord, ...]:
        """The newest of every environment that led to a pull request, newest first."""
        return self._select("pull_number is not null order by id desc limit %s", limit)

    def automatic_since(self, since: datetime) -> tuple[RollbackRecord, ...]:
        """Automatic ones that were opened since then, or that a lock stopped and nobody has settled; oldest first."""
        return self._select(
            "by_id is null and (opened_at >= %s or (state = 'locked' and asked_at >= %s)) order by id",
            since,
            since,
        )

    def settled(self, rollback_id: int, state: RollbackState, answer: str) -> None:
        """Records that nothing is done about it (refused, locked), or that it was closed, and why."""
        self._database.run(
            "update rollbacks set state = %s, answer = %s where id = %s",
            (state.value, plain(answer), rollback_id),
        )

    def opened(
        self,
        rollback_id: int,
        *,
        pull_number: int,
        undoes: int | None,
        before: Mapping[str, ComponentTag],
        after: Mapping[str, ComponentTag],
        answer: str,
        at: datetime,
    ) -> None:
        """Records its pull request."""
        self._database.run(
            "update rollbacks set state = 'open', pull_number = %s, undoes = %s, before = %s, after = %s,"
            " answer = %s, opened_at = %s where id = %s",
            (pull_number, undoes, to_json(before), to_json(after), plain(answer), at, rollback_id),
        )

    def merged(self, rollback_id: int, at: datetime) -> bool:
        """Records the revert's merge; False when that was on record already."""
        query = "update rollbacks set state = 'merged', merged_at = %s where id = %s and state = 'open'"
        return self._database.run(query, (at, rollback_id)) == 1

    def ended(self, rollback_id: int, state: RollbackState, at: datetime) -> bool:
        """Records that the environment became healthy, or did not; False when it was recorded already."""
        query = (
            "update rollbacks set state = %s, healthy_at = %s where id = %s"
            " and state in ('merged', 'failed', 'not watched') and state <> %s"
        )
        healthy = at if state is RollbackState.HEALTHY else None
        return self._database.run(query, (state.value, healthy, rollback_id, state.value)) == 1

    def tell(self, rollback_id: int, incident: int) -> None:
        """Keeps the number of the issue that tells the incident."""
        self._database.run("update rollbacks set incident = %s where id = %s", (incident, rollback_id))

    def _select(self, where: str, *values: object) -> tuple[RollbackRecord, ...]:
        rows = self._database.rows(f"select * from rollbacks where {where}", values)  # noqa: S608 - our own words
        return tuple(_record(row) for row in rows)


def _record(row: Row) -> RollbackRecord:
    by = Actor(id=row["by_id"], login=row["by_login"]) if row["by_id"] is not None else None
    ask = RollbackAsk(
        installation_id=row["installation_id"],
        config_repository_id=row["config_repository_id"],
        environment=row["environment"],
        key=row["key"],
        trigger=row["trigger"],
        components=tuple(row["components"]),
        to=row["wanted"],
        undoes=row["wanted_undoes"],
        reason=row["reason"],
        findings=tuple(row["findings"]),
        alert=row["alert"],
        since=row["since"],
        by=by,
        asked_on=row["asked_on"],
        comment_id=row["comment_id"],
        asked_at=row["asked_at"],
        delivery_id=row["delivery_id"],
        head_sha=row["head_sha"],
    )
    return RollbackRecord(
        id=row["id"],
        ask=ask,
        state=RollbackState(row["state"]),
        answer=row["answer"],
        undoes=row["undoes"],
        pull_number=row["pull_number"],
        before=from_json(row["before"]),
        after=from_json(row["after"]),
        opened_at=row["opened_at"],
        merged_at=row["merged_at"],
        healthy_at=row["healthy_at"],
        incident=row["incident"],
    )
