"""Pins: which repository a name in the rules stands for, by GitHub's id (attack case 25)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.adapters.store.database import Database

_PIN = """
insert into source_pins (config_repository_id, source_repository, repository_id) values (%s, lower(%s), %s)
    on conflict (config_repository_id, source_repository) do
"""


class Pins:
    """Source names of config repositories. Every method may raise Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, config_repository_ids: Collection[int]) -> Mapping[int, Mapping[str, int]]:
        """For each of these config repositories: lower-case source name to repository id; empty when none is pinned."""
        found: dict[int, dict[str, int]] = {each: {} for each in config_repository_ids}
        query = (
            "select config_repository_id, source_repository, repository_id from source_pins"
            " where config_repository_id = any(%s)"
        )
        for row in self._database.rows(query, (list(found),)):
            found[row["config_repository_id"]][row["source_repository"]] = row["repository_id"]
        return found

    def pin(
        self, config_repository_id: int, source_repository: str, repository_id: int, *, anew: bool = False
    ) -> int:
        """Pins a name that is not pinned yet, with `anew` also one that is; the id that it stands for from now on."""
        change = "update set repository_id = excluded.repository_id" if anew else "nothing"
        self._database.run(_PIN + change, (config_repository_id, source_repository, repository_id))
        row = self._database.row(
            "select repository_id from source_pins"
            " where config_repository_id = %s and source_repository = lower(%s)",
            (config_repository_id, source_repository),
        )
        return int(row["repository_id"]) if row else repository_id
