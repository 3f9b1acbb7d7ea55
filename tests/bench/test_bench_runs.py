"""The bench's counts: the same in each run, so they are tests too. Its times are not, and are never tested."""

from __future__ import annotations

import json

import pytest

from bench import evaluate, github_requests, sweep, table
from bench.table import Row


@pytest.fixture(scope="module")
def counted() -> dict[str, Row]:
    """Every count of GitHub requests, by what was counted."""
    return {row.what: row for row in github_requests.rows(quick=True)}


def requests(counted: dict[str, Row], start: str) -> list[float]:
    found = [row.value for what, row in counted.items() if what.startswith(start)]
    return [value for value in found if value is not None]


def test_a_promotion_takes_at_most_eight_requests_warm_and_cold(counted: dict[str, Row]):
    taken = requests(counted, "promotion")
    assert len(taken) == 2
    assert max(taken) <= 8


def test_looking_again_at_a_pull_request_takes_at_most_two_requests(counted: dict[str, Row]):
    (taken,) = requests(counted, "re-evaluation of a pull request")
    assert taken <= 2


def test_the_bot_books_every_request_that_github_sees(counted: dict[str, Row]):
    assert [row.note for row in counted.values() if row.met is False] == []


def test_a_sweep_asks_one_question_about_each_pull_request():
    (asked,) = [
        row
        for row in sweep.swept(3)
        if row.what.startswith("sweep over") and "requests for each pull" in row.what
    ]
    assert asked.value == 1


def test_a_decision_is_measured_with_all_gates_and_roles():
    median, _ = evaluate.rows(quick=True)
    assert "17 questions, 3 roles" in median.what


def test_the_table_is_told_to_people_and_to_programs():
    rows = [
        Row(what="a", measured="1 ms", beside="2 ms", ratio=0.5, goal="< 2 ms", met=True, note="on a Monday")
    ]
    assert table.text(rows).splitlines()[2:] == [
        "| a    | 1 ms     | 2 ms   | 0.50  | < 2 ms | yes |",
        "",
        "- a: on a Monday",
    ]
    assert json.loads(json.dumps(table.plain(rows)))[0]["ratio"] == 0.5
