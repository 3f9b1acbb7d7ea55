"""The production validation: judged runs, overrides of them, requests to deploy, and incidents (rows C1 to C6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from bot.adapters.store.database import Connection, Database, Row
from bot.adapters.store.text import plain, plain_json
from bot.model.facts import Actor
from bot.model.validation import (
    Decided,
    DeploymentRequest,
    Flow,
    Incident,
    Outcome,
    RequestState,
    Validated,
    ValidationOverride,
)

KEPT = 200
"""Judged runs that the gate is decided by, newest first; failures that nothing of their deployment followed besides."""

_PUT = """
insert into validations values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
on conflict (config_repository_id, run_id, attempt) do update set outcome = excluded.outcome,
    deployment = excluded.deployment, run_url = excluded.run_url, head_sha = excluded.head_sha,
    branch = excluded.branch, why = excluded.why, flows = excluded.flows, failed = excluded.failed,
    artifacts = excluded.artifacts, at = excluded.at
"""
_ASK = """
insert into validations values (%s, %s, 0, 'asked', '', '', '', '', '', 0, '[]', '{}', %s) on conflict do nothing
"""
_REQUEST = """
insert into deployment_requests (repository_id, installation_id, deployment_id, run_id, environment, sha, state, at)
values (%s, %s, %s, %s, %s, %s, 'pending', %s) on conflict do nothing
"""
_OF = """
with mine as (
    select run_id, attempt, deployment, outcome from validations where config_repository_id = %s and attempt > 0
), newest as (
    select run_id, attempt from mine order by run_id desc, attempt desc limit %s
), counted as (
    select run_id, attempt from mine where outcome <> 'ignored' order by run_id desc, attempt desc limit %s
), last_of_each as (
    select distinct on (deployment) run_id, attempt, outcome from mine where outcome <> 'ignored'
    order by deployment, run_id desc, attempt desc
), wanted as (
    select * from newest union select * from counted
    union select run_id, attempt from last_of_each where outcome in ('failed', 'unreadable')
)
select validations.* from validations join wanted using (run_id, attempt) where config_repository_id = %s
order by run_id desc, attempt desc
"""
_OVERRIDE = """
insert into validation_overrides (config_repository_id, deployment, run_id, attempt, by_id, by_login, reason, at,
    expires_at, comment_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing
"""
_OPEN = """
insert into validation_incidents (config_repository_id, opened_at, deployment, run_id, alerts)
values (%s, %s, %s, %s, 0)
on conflict do nothing
"""


class Validations:
    """By config repository. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, validated: Validated) -> None:
        """Keeps what a run's attempt came to, in place of what was kept of it."""
        failed = [
            {"name": each.name, "code": each.exit_code, "error": each.error} for each in validated.failed
        ]
        self._database.run(
            _PUT,
            (
                validated.config_repository_id, validated.run_id, validated.attempt, validated.outcome.value,
                plain(validated.deployment, 200), plain(validated.run_url), validated.head_sha,
                plain(validated.branch, 300), plain(validated.why), validated.flows, Jsonb(plain_json(failed)),
                [plain(each) for each in validated.artifacts], validated.at,
            ),
        )  # fmt: skip

    def ask(self, config_repository_id: int, run_id: int, at: datetime) -> None:
        """A run has ended and is to be read; attempt 0 stands for the wish."""
        self._database.run(_ASK, (config_repository_id, run_id, at))

    def asked(self, config_repository_id: int) -> tuple[int, ...]:
        """The runs that are to be read."""
        query = (
            "select run_id from validations where config_repository_id = %s and attempt = 0 order by run_id"
        )
        return tuple(row["run_id"] for row in self._database.rows(query, (config_repository_id,)))

    def heard(self, config_repository_id: int, run_ids: Sequence[int]) -> None:
        """They were read."""
        query = "delete from validations where config_repository_id = %s and attempt = 0 and run_id = any(%s)"
        self._database.run(query, (config_repository_id, list(run_ids)))

    def of(self, config_repository_id: int) -> tuple[Validated, ...]:
        """The newest runs, newest first, with every failure that its deployment's validation was not repeated after:
        runs that do not count, or many that do, never make one forgotten."""
        rows = self._database.rows(_OF, (config_repository_id, KEPT, KEPT, config_repository_id))
        return tuple(_validated(row) for row in rows)

    def override(self, given: ValidationOverride) -> bool:
        """Keeps it; False when the same comment gave it before."""
        values = (
            given.config_repository_id, plain(given.deployment, 200), given.run_id, given.attempt, given.by.id,
            plain(given.by.login), plain(given.reason), given.at, given.expires_at, given.comment_id,
        )  # fmt: skip
        return self._database.run(_OVERRIDE, values) == 1

    def overrides(self, config_repository_id: int) -> tuple[ValidationOverride, ...]:
        """All that were given, also those that ended; newest first."""
        rows = self._database.rows(
            "select * from validation_overrides where config_repository_id = %s order by id desc limit %s",
            (config_repository_id, KEPT),
        )
        return tuple(_override(row) for row in rows)

    def cancel(self, config_repository_id: int, at: datetime) -> int:
        """Ends those in force; how many."""
        query = (
            "update validation_overrides set cancelled_at = %s"
            " where config_repository_id = %s and cancelled_at is null and expires_at > %s"
        )
        return self._database.run(query, (at, config_repository_id, at))

    def request(self, request: DeploymentRequest) -> bool:
        """Takes a request to deploy in; False when it is known."""
        values = (
            request.repository_id, request.installation_id, request.deployment_id, request.run_id,
            plain(request.environment, 300), plain(request.sha, 64), request.at,
        )  # fmt: skip
        return self._database.run(_REQUEST, values) == 1

    def pending(self, repository_ids: Sequence[int]) -> tuple[DeploymentRequest, ...]:
        """Requests of these repositories that wait, oldest first."""
        rows = self._database.rows(
            "select * from deployment_requests where repository_id = any(%s) and state = 'pending'"
            " order by at, deployment_id",
            (list(repository_ids),),
        )
        return tuple(_request(row) for row in rows)

    def answered(self, request: DeploymentRequest, state: RequestState, said: str, comments: int) -> None:
        """Keeps what it was told, and what became of it."""
        self._database.run(
            "update deployment_requests set state = %s, said = %s, comments = %s"
            " where repository_id = %s and deployment_id = %s",
            (state.value, plain(said), comments, request.repository_id, request.deployment_id),
        )

    def open(self, config_repository_id: int, opened_at: datetime, deployment: str, run_id: int) -> Incident:
        """The open incident, a new one when there was none."""
        values = (config_repository_id, opened_at, plain(deployment, 200), run_id)

        def work(connection: Connection) -> Row | None:
            connection.execute(_OPEN.encode(), values)
            return connection.execute(_OPEN_ONE.encode(), (config_repository_id,)).fetchone()

        row = self._database.once(work)
        if row is None:
            raise LookupError("the incident that was just opened is not there")
        return _incident(row)

    def incident(self, config_repository_id: int) -> Incident | None:
        """The one that is open."""
        row = self._database.row(_OPEN_ONE, (config_repository_id,))
        return _incident(row) if row else None

    def incidents(self, config_repository_id: int) -> tuple[Incident, ...]:
        """All, newest first."""
        rows = self._database.rows(
            "select * from validation_incidents where config_repository_id = %s order by id desc limit %s",
            (config_repository_id, KEPT),
        )
        return tuple(_incident(row) for row in rows)

    def keep(self, incident: Incident) -> None:
        """Keeps everything of an incident but its number."""
        acknowledged, decided = incident.acknowledged_by, incident.decided_by
        self._database.run(
            "update validation_incidents set alerts = %s, acknowledged_at = %s, acknowledged_by_id = %s,"
            " acknowledged_by_login = %s, decided = %s, decided_at = %s, decided_by_id = %s, decided_by_login = %s,"
            " decided_because = %s, false_positive = %s, reminders = %s, reminded_at = %s, closed_at = %s"
            " where id = %s",
            (
                incident.alerts, incident.acknowledged_at, acknowledged.id if acknowledged else None,
                plain(acknowledged.login) if acknowledged else None,
                incident.decided.value if incident.decided else None, incident.decided_at,
                decided.id if decided else None, plain(decided.login) if decided else None,
                plain(incident.decided_because), incident.false_positive, incident.reminders,
                incident.reminded_at, incident.closed_at, incident.id,
            ),
        )  # fmt: skip


_OPEN_ONE = "select * from validation_incidents where config_repository_id = %s and closed_at is null"


def _validated(row: Row) -> Validated:
    failed = tuple(
        Flow(name=each["name"], exit_code=each["code"], error=each["error"]) for each in row["failed"]
    )
    words = {
        name: row[name]
        for name in (
            "config_repository_id", "run_id", "attempt", "deployment", "run_url", "head_sha", "branch", "why",
            "flows", "at",
        )
    }  # fmt: skip
    return Validated(
        outcome=Outcome(row["outcome"]), failed=failed, artifacts=tuple(row["artifacts"]), **words
    )


def _override(row: Row) -> ValidationOverride:
    return ValidationOverride(
        config_repository_id=row["config_repository_id"],
        deployment=row["deployment"],
        run_id=row["run_id"],
        attempt=row["attempt"],
        by=Actor(id=row["by_id"], login=row["by_login"]),
        reason=row["reason"],
        at=row["at"],
        expires_at=row["expires_at"],
        comment_id=row["comment_id"],
        cancelled_at=row["cancelled_at"],
    )


def _request(row: Row) -> DeploymentRequest:
    return DeploymentRequest(
        repository_id=row["repository_id"],
        installation_id=row["installation_id"],
        deployment_id=row["deployment_id"],
        run_id=row["run_id"],
        environment=row["environment"],
        sha=row["sha"],
        state=RequestState(row["state"]),
        said=row["said"],
        comments=row["comments"],
        at=row["at"],
    )


def _incident(row: Row) -> Incident:
    return Incident(
        id=row["id"],
        config_repository_id=row["config_repository_id"],
        opened_at=row["opened_at"],
        deployment=row["deployment"],
        run_id=row["run_id"],
        alerts=row["alerts"],
        acknowledged_at=row["acknowledged_at"],
        acknowledged_by=_actor(row, "acknowledged"),
        decided=Decided(row["decided"]) if row["decided"] else None,
        decided_at=row["decided_at"],
        decided_by=_actor(row, "decided"),
        decided_because=row["decided_because"],
        false_positive=row["false_positive"],
        reminders=row["reminders"],
        reminded_at=row["reminded_at"],
        closed_at=row["closed_at"],
    )


def _actor(row: Row, what: str) -> Actor | None:
    number = row[f"{what}_by_id"]
    return Actor(id=number, login=row[f"{what}_by_login"]) if number is not None else None
