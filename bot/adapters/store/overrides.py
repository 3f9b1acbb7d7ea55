"""Overrides: recorded permissions to set one gate aside; one is cancelled, never changed otherwise (row B2)."""

from __future__ import annotations

from typing import Any

from bot.adapters.store.database import Database
from bot.adapters.store.text import plain
from bot.model.approval_facts import Override, PullAt
from bot.model.facts import Actor


class Overrides:
    """By config repository and pull request. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def grant(self, override: Override) -> bool:
        """Keeps it; False when it was kept before (the same comment and gate)."""
        at = override.at
        return (
            self._database.run(
                "insert into overrides (repository_id, pull_number, base_ref, head_sha, environment, gate, reason,"
                " by_id, by_login, comment_id, given_at, expires_at)"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
                (
                    at.repository_id, at.pull, plain(at.base_ref), at.head_sha, at.environment, override.gate,
                    plain(override.reason), override.by.id, plain(override.by.login), override.comment_id,
                    override.given_at, override.expires_at,
                ),
            )
            == 1
        )  # fmt: skip

    def of(self, repository_id: int, pull: int) -> tuple[Override, ...]:
        """Every one that was granted on a pull request, oldest first."""
        rows = self._database.rows(
            "select * from overrides where repository_id = %s and pull_number = %s order by id",
            (repository_id, pull),
        )
        return tuple(_override(row) for row in rows)

    def cancel(self, override: Override) -> bool:
        """Keeps who took it back and when, which `override` tells; False when it was taken back before."""
        by, at = override.cancelled_by, override.at
        return (
            self._database.run(
                "update overrides set cancelled_at = %s, cancelled_by_id = %s, cancelled_by_login = %s"
                " where repository_id = %s and pull_number = %s and gate = %s and head_sha = %s and given_at = %s"
                " and cancelled_at is null",
                (
                    override.cancelled_at, by.id if by else None, plain(by.login) if by else None,
                    at.repository_id, at.pull, override.gate, at.head_sha, override.given_at,
                ),
            )
            == 1
        )  # fmt: skip


def _override(row: dict[str, Any]) -> Override:
    by = row["cancelled_by_id"]
    return Override(
        gate=row["gate"],
        reason=row["reason"],
        by=Actor(id=row["by_id"], login=row["by_login"]),
        at=PullAt(
            repository_id=row["repository_id"],
            pull=row["pull_number"],
            base_ref=row["base_ref"],
            head_sha=row["head_sha"],
            environment=row["environment"],
        ),
        given_at=row["given_at"],
        expires_at=row["expires_at"],
        cancelled_at=row["cancelled_at"],
        cancelled_by=None if by is None else Actor(id=by, login=row["cancelled_by_login"]),
        comment_id=row["comment_id"],
    )
