"""`lockstep ledger`, as a person and as a machine use it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from bot.adapters.store import Store
from bot.cli_ledger import ledger
from bot.model.ledger import LedgerEntry
from tests.adapters.store.owner import owner_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def filled(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Three rows, and the environment that leads to them."""
    url = "postgresql:///?" + "&".join(f"{part}" for part in database_url.split())
    monkeypatch.setenv("DATABASE_URL", url)
    for number in range(3):
        store.ledger.write(
            LedgerEntry(
                at=NOW, event=f"event_{number}", decision="done", reason=f"because {number}", actor_id=7,
                actor_login="ana", subject="pull:1:2:3",
            )
        )  # fmt: skip
    return store


def run(*arguments: str) -> Result:
    return CliRunner().invoke(ledger, arguments, catch_exceptions=False)


def test_rows_are_printed_newest_last_with_who_and_why(filled: Store) -> None:
    lines = run().output.splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert lines[0].split("  ")[-5:] == [
        "2026-03-01 12:00:00Z",
        "event_0 done",
        "ana",
        "pull:1:2:3",
        "because 0",
    ]


def test_rows_as_json_can_be_filtered(filled: Store) -> None:
    rows = json.loads(run("--json", "--event", "event_1").output)
    assert [(row["seq"], row["actor_id"], row["reason"]) for row in rows] == [(2, 7, "because 1")]


def test_a_time_without_offset_means_utc(filled: Store) -> None:
    assert json.loads(run("--json", "--since", "2026-03-01T12:00:01").output) == []
    assert len(json.loads(run("--json", "--since", "2026-03-01").output)) == 3


def test_a_time_that_is_none_is_a_usage_error(filled: Store) -> None:
    result = run("--since", "yesterday")
    assert (result.exit_code, "is not a time" in result.output) == (2, True)


def test_a_whole_ledger_verifies_with_exit_code_0_and_prints_its_head(filled: Store) -> None:
    result = run("verify")
    head = filled.ledger.head()
    assert (result.exit_code, result.output) == (0, f"3 rows, none altered. Head: 3:{head.hash.hex()}\n")


def test_case_98_an_altered_row_is_named_with_exit_code_1(filled: Store) -> None:
    with owner_of(filled) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update ledger set actor_id = 8 where seq = 2")
    result = run("verify", "--json")
    assert result.exit_code == 1
    assert json.loads(result.output) == {
        "verified": False,
        "row": 2,
        "why": "its content is not what was written",
    }


def test_a_cut_off_tail_is_told_by_the_anchor_with_exit_code_1(filled: Store) -> None:
    head = filled.ledger.head()
    with owner_of(filled) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from ledger where seq = 3")
    assert run("verify").exit_code == 0
    assert run("verify", "--anchor", f"{head.seq}:{head.hash.hex()}").exit_code == 1
