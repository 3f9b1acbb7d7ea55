"""A workflow run as REST tells it: since when there is what it builds (DORA's lead time)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.github.parse import workflow_run

RUN: dict[str, Any] = {
    "id": 1,
    "run_number": 2,
    "path": ".github/workflows/build.yml@main",
    "event": "push",
    "head_sha": "a" * 40,
    "repository": {"id": 3},
    "html_url": "https://github.com/splattop/app/actions/runs/1",
    "created_at": "2026-11-22T12:00:00Z",
}
STARTED = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "since"),
    [
        ({"timestamp": "2026-11-22T09:30:00+01:00"}, datetime(2026, 11, 22, 8, 30, tzinfo=UTC)),
        ({"timestamp": "2036-01-01T00:00:00Z"}, STARTED),
        ({"timestamp": "99999-01-01T00:00:00Z"}, STARTED),
        ({"timestamp": "2026-11-22T09:30:00"}, STARTED),
        ({"timestamp": None}, STARTED),
        ({}, STARTED),
        (None, STARTED),
    ],
    ids=["its time", "the future", "no year", "no zone", "null", "no time", "no commit"],
)
def test_a_commits_time_counts_unless_it_cannot_be(head: dict[str, Any] | None, since: datetime) -> None:
    assert workflow_run({**RUN, "head_commit": head}).source_since == since
