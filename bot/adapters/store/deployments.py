"""Deployments: promotions from their pull request until they are proven healthy, or back where it was (row P6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from bot.adapters.store.database import Database, Row
from bot.adapters.store.text import optional, plain, plain_json
from bot.model.deployment import (
    ALLOWED,
    UNDERWAY,
    Deployment,
    DeploymentKind,
    DeploymentState,
    Move,
    Progress,
    Transition,
    watch_key,
)
from bot.model.image import ComponentTag

_FIELDS = (
    "installation_id", "config_repository_id", "environment", "source", "pull_number", "kind", "components",
    "release_ids", "state", "since", "transitions", "merge_sha", "merged_at", "live_at", "reverts", "findings",
    "progress", "github_id", "github_state",
)  # fmt: skip
_COLUMNS = ", ".join(_FIELDS)
_SELECT = f"select {_COLUMNS} from deployments"  # noqa: S608 - our own names
_PUT = (
    f"insert into deployments ({_COLUMNS}) values ({', '.join(['%s'] * len(_FIELDS))})"  # noqa: S608 - our own names
    " on conflict (config_repository_id, pull_number) do update set components = excluded.components,"
    " release_ids = excluded.release_ids, kind = excluded.kind, reverts = excluded.reverts"
    " where deployments.state in ('opened', 'approved', 'closed')"
)


class Deployments:
    """By config repository and pull request. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def opened(self, deployment: Deployment) -> None:
        """Records one; of one that is there and not merged, renews what it brings and what kind it is."""
        first = Transition(state=deployment.state, at=deployment.since, why="")
        values = {name: getattr(deployment, name) for name in _FIELDS} | {
            "kind": deployment.kind.value,
            "components": Jsonb({name: _move_json(each) for name, each in deployment.components.items()}),
            "release_ids": list(deployment.release_ids),
            "state": deployment.state.value,
            "transitions": Jsonb([_transition_json(each) for each in deployment.transitions or (first,)]),
            "findings": [plain(each) for each in deployment.findings],
            "progress": Jsonb({each.key: _progress_json(each) for each in deployment.progress.values()}),
        }
        self._database.run(_PUT, list(values.values()))

    def by_pull(self, config_repository_id: int, pull_number: int) -> Deployment | None:
        """The deployment of a pull request."""
        found = self._select(
            " where config_repository_id = %s and pull_number = %s", config_repository_id, pull_number
        )
        return found[0] if found else None

    def of(self, config_repository_id: int, environment: str, limit: int = 50) -> tuple[Deployment, ...]:
        """Those of an environment, newest first: by the moment of the merge, those that wait for it before."""
        where = (
            " where config_repository_id = %s and environment = %s"
            " order by merged_at desc nulls first, pull_number desc limit %s"
        )
        return self._select(where, config_repository_id, environment, limit)

    def underway(self, config_repository_id: int) -> tuple[Deployment, ...]:
        """All of a config repository that are merged and neither proven, failed nor taken back, oldest merge first."""
        where = " where config_repository_id = %s and state = any(%s) order by merged_at, pull_number"
        return self._select(where, config_repository_id, sorted(each.value for each in UNDERWAY))

    def recent(self, each: int) -> tuple[Deployment, ...]:
        """The newest `each` of every environment of every config repository, newest first; closed ones are left out."""
        query = (
            "select * from (select *, row_number() over (partition by config_repository_id, environment"
            " order by merged_at desc nulls first, pull_number desc) as place from deployments"
            " where state <> 'closed') as ranked where place <= %s"
            " order by merged_at desc nulls first, pull_number desc"
        )
        return tuple(
            _deployment({name: row[name] for name in _FIELDS}) for row in self._database.rows(query, (each,))
        )

    def watching(self, application: str) -> tuple[Deployment, ...]:
        """Those underway that wait for something of this Argo CD application, of every config repository."""
        where = (
            " where state = any(%s) and jsonb_exists(progress, %s) order by config_repository_id, pull_number"
        )
        return self._select(where, sorted(each.value for each in UNDERWAY), watch_key(application))

    def move(
        self,
        deployment: Deployment,
        to: DeploymentState,
        at: datetime,
        why: str,
        *,
        findings: Sequence[str] | None = None,
        merge_sha: str | None = None,
        merged_at: datetime | None = None,
    ) -> bool:
        """Changes the state of one that still stands where `deployment` does; False when it does not.

        `findings`, `merge_sha` and `merged_at` take the place of what was there, None leaves it. A `live` one keeps
        the moment. Raises ValueError for a change that `ALLOWED` does not know.
        """
        if to not in ALLOWED[deployment.state]:
            raise ValueError(f"a deployment that is {deployment.state.value} does not become {to.value}")
        step = Transition(state=to, at=at, why=why)
        told = None if findings is None else [plain(each) for each in findings]
        values = (
            to.value, at, Jsonb([_transition_json(step)]), told, merge_sha, merged_at,
            at if to is DeploymentState.LIVE else None,
            deployment.config_repository_id, deployment.pull_number, deployment.state.value, deployment.since,
        )  # fmt: skip
        query = (
            "update deployments set state = %s, since = %s, transitions = transitions || %s,"
            " findings = coalesce(%s, findings), merge_sha = coalesce(%s, merge_sha),"
            " merged_at = coalesce(%s, merged_at), live_at = coalesce(%s, live_at)"
            " where config_repository_id = %s and pull_number = %s and state = %s and since = %s"
        )
        return self._database.run(query, values) == 1

    def note(
        self,
        deployment: Deployment,
        *,
        progress: Sequence[Progress] = (),
        findings: Sequence[str] | None = None,
        github_id: int | None = None,
        github_state: str | None = None,
    ) -> None:
        """Keeps how far parts of it have come, in place of what was kept under their keys, and what GitHub was told."""
        self._database.run(
            "update deployments set progress = progress || %s, findings = coalesce(%s, findings),"
            " github_id = coalesce(%s, github_id), github_state = coalesce(%s, github_state)"
            " where config_repository_id = %s and pull_number = %s",
            (
                Jsonb({plain(each.key, 300): _progress_json(each) for each in progress}),
                None if findings is None else [plain(each) for each in findings],
                github_id, github_state, deployment.config_repository_id, deployment.pull_number,
            ),
        )  # fmt: skip

    def begin_afresh(self, deployment: Deployment) -> None:
        """Forgets how far its parts have come, so that all of it is looked at again."""
        self._database.run(
            "update deployments set progress = '{}', findings = '{}'"
            " where config_repository_id = %s and pull_number = %s",
            (deployment.config_repository_id, deployment.pull_number),
        )

    def _select(self, where: str, *values: object) -> tuple[Deployment, ...]:
        return tuple(_deployment(row) for row in self._database.rows(_SELECT + where, values))


def _deployment(row: Row) -> Deployment:
    values = {
        **row,
        "kind": DeploymentKind(row["kind"]),
        "components": {name: _move(row["components"][name]) for name in sorted(row["components"])},
        "release_ids": tuple(row["release_ids"]),
        "state": DeploymentState(row["state"]),
        "transitions": tuple(_transition(each) for each in row["transitions"]),
        "findings": tuple(row["findings"]),
        "progress": {key: _progress(key, row["progress"][key]) for key in sorted(row["progress"])},
    }
    return Deployment(**values)


def _move_json(move: Move) -> dict[str, Any]:
    after = {"tag": move.after.tag, "sha": move.after.sha, "digest": move.after.digest}
    return {"before": move.before, "before_tag": optional(move.before_tag), "after": after}


def _move(value: Mapping[str, Any]) -> Move:
    return Move(before=value["before"], before_tag=value["before_tag"], after=ComponentTag(**value["after"]))


def _transition_json(step: Transition) -> dict[str, Any]:
    return {"state": step.state.value, "at": step.at.isoformat(), "why": plain(step.why)}


def _transition(value: Mapping[str, Any]) -> Transition:
    at = datetime.fromisoformat(value["at"])
    return Transition(state=DeploymentState(value["state"]), at=at, why=value["why"])


def _progress_json(each: Progress) -> Any:
    return plain_json(
        {
            "at": each.at.isoformat(),
            "count": each.count,
            "done": each.done,
            "failed": each.failed,
            "since": each.since.isoformat() if each.since else None,
            "after": each.after.isoformat() if each.after else None,
            "run_id": each.run_id,
            "by": each.by,
            "says": each.says,
        }
    )


def _progress(key: str, value: Mapping[str, Any]) -> Progress:
    since, after = value["since"], value.get("after")
    return Progress(
        **{
            **value,
            "key": key,
            "at": datetime.fromisoformat(value["at"]),
            "since": datetime.fromisoformat(since) if since else None,
            "after": datetime.fromisoformat(after) if after else None,
        }
    )
