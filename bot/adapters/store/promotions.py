"""Promotions: the pull requests that Lockstep opened, as recorded (row R2)."""

from __future__ import annotations

from datetime import datetime

from bot.adapters.store.components import from_json, to_json
from bot.adapters.store.database import Database, Row
from bot.model.release import Promotion, PromotionKind, PromotionState

_FIELDS = (
    "installation_id", "config_repository_id", "environment", "source", "pull_number", "branch", "head_sha",
    "components", "release_ids", "requested_by_id", "requested_by_login", "state", "opened_at", "closed_at", "kind",
    "scope",
)  # fmt: skip
_RENEWED = ("branch", "head_sha", "components", "release_ids", "state", "closed_at", "scope")
_COLUMNS = ", ".join(_FIELDS)
_SELECT = f"select {_COLUMNS} from promotions"  # noqa: S608 - our own names
_PUT = (
    f"insert into promotions ({_COLUMNS}) values ({', '.join(['%s'] * len(_FIELDS))})"  # noqa: S608 - our own names
    " on conflict (config_repository_id, pull_number) do update set "
    + ", ".join(f"{name} = excluded.{name}" for name in _RENEWED)
)


class Promotions:
    """Pull requests that Lockstep opened. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def opened(self, promotion: Promotion) -> None:
        """Records one, or renews branch, head, components, releases and state of the one with that number.

        Who asked for it, and when it was opened, stay as they were first recorded (case 54).
        """
        values = {name: getattr(promotion, name) for name in _FIELDS}
        values["components"] = to_json(promotion.components)
        values["release_ids"] = list(promotion.release_ids)
        values["scope"] = list(promotion.scope)
        values["state"] = promotion.state.value
        values["kind"] = promotion.kind.value
        self._database.run(_PUT, list(values.values()))

    def by_pull(self, config_repository_id: int, pull_number: int) -> Promotion | None:
        """The promotion of a pull request."""
        found = self._select(
            " where config_repository_id = %s and pull_number = %s", config_repository_id, pull_number
        )
        return found[0] if found else None

    def open_of(self, config_repository_id: int) -> tuple[Promotion, ...]:
        """All open ones of a config repository, oldest first."""
        return self._select(
            " where config_repository_id = %s and state = 'open' order by id", config_repository_id
        )

    def all_open(self) -> tuple[Promotion, ...]:
        """All open ones everywhere, oldest first, for the sweep."""
        return self._select(" where state = 'open' order by id")

    def of(
        self, config_repository_id: int, environment: str, source: str, limit: int = 20
    ) -> tuple[Promotion, ...]:
        """The newest promotions to an environment from a source, newest first, in any state."""
        where = (
            " where config_repository_id = %s and environment = %s and source = %s order by id desc limit %s"
        )
        return self._select(where, config_repository_id, environment, source, limit)

    def arrived(
        self, config_repository_id: int, environment: str, component: str, limit: int = 20
    ) -> tuple[Promotion, ...]:
        """The newest merged promotions that brought a component to an environment, the last merge first."""
        where = (
            " where config_repository_id = %s and environment = %s and state = 'merged'"
            " and jsonb_exists(components, %s) order by closed_at desc, id desc limit %s"
        )
        return self._select(where, config_repository_id, environment, component, limit)

    def settled(
        self, config_repository_id: int, pull_number: int, state: PromotionState, at: datetime
    ) -> bool:
        """Records that it was merged or closed; False when that was on record already, or it is unknown."""
        query = (
            "update promotions set state = %s, closed_at = %s"
            " where config_repository_id = %s and pull_number = %s and state <> %s"
        )
        values = (state.value, at, config_repository_id, pull_number, state.value)
        return self._database.run(query, values) == 1

    def _select(self, where: str, *values: object) -> tuple[Promotion, ...]:
        return tuple(_promotion(row) for row in self._database.rows(_SELECT + where, values))


def _promotion(row: Row) -> Promotion:
    values = {
        **row,
        "components": from_json(row["components"]),
        "release_ids": tuple(row["release_ids"]),
        "scope": tuple(row["scope"]),
        "state": PromotionState(row["state"]),
        "kind": PromotionKind(row["kind"]),
    }
    return Promotion(**values)
