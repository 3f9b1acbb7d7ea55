"""Requests: people's `/promote` and `/hotfix` comments that wait for their answer; a comment is consumed once."""

from __future__ import annotations

from datetime import datetime

from bot.adapters.store.database import Database, Row
from bot.adapters.store.text import plain
from bot.model.door import Door
from bot.model.release import Request

_COLUMNS = (
    "comment_id, installation_id, config_repository_id, pull_number, environment, components, actor_id,"
    " actor_login, asked_at, answered_at, answer, via, delivery_id, head_sha,"
    " hotfix"
)


class Requests:
    """Commands that wait. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, request: Request) -> bool:
        """Records it; False when that comment was consumed before."""
        query = f"insert into requests ({_COLUMNS}) values (%s{', %s' * 14}) on conflict do nothing"  # noqa: S608 - our own names
        values = (
            request.comment_id, request.installation_id, request.config_repository_id, request.pull_number,
            request.environment, list(request.components), request.actor_id, request.actor_login,
            request.asked_at, request.answered_at, request.answer, request.via.value,
            request.delivery_id, request.head_sha, request.hotfix,
        )  # fmt: skip
        return self._database.run(query, values) == 1

    def open_for(self, config_repository_id: int, environment: str) -> tuple[Request, ...]:
        """Those without an answer, oldest first."""
        rows = self._database.rows(
            f"select {_COLUMNS} from requests"  # noqa: S608 - our own names
            " where config_repository_id = %s and environment = %s and answered_at is null"
            " order by asked_at, comment_id",
            (config_repository_id, environment),
        )
        return tuple(_request(row) for row in rows)

    def find(self, comment_id: int, environment: str) -> Request | None:
        """One request, with its answer when there is one."""
        row = self._database.row(
            f"select {_COLUMNS} from requests where comment_id = %s and environment = %s",  # noqa: S608 - our own names
            (comment_id, environment),
        )
        return _request(row) if row else None

    def answered(self, comment_id: int, environment: str, answer: str, at: datetime) -> None:
        """Records the answer; the first one stays."""
        self._database.run(
            "update requests set answered_at = %s, answer = %s where comment_id = %s and environment = %s"
            " and answered_at is null",
            (at, plain(answer), comment_id, environment),
        )


def _request(row: Row) -> Request:
    return Request(**{**row, "components": tuple(row["components"]), "via": Door(row["via"])})
