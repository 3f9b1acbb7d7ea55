"""Failed deliveries: fetched over all pages, one entry each, and only those of which no attempt succeeded (row B7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import responses

from bot.adapters.github import AppClient
from bot.errors import Terminal
from tests.adapters.github.conftest import API, NOW

LIST = f"{API}/app/hook/deliveries"


def attempt(number: int, guid: str, code: int, *, minutes_ago: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "id": number,
        "guid": guid,
        "delivered_at": (NOW - timedelta(minutes=minutes_ago)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "redelivery": False,
        "duration": 0.1,
        "status": "OK" if code == 202 else "Invalid HTTP Response",
        "status_code": code,
        "event": "workflow_run",
        "action": "completed",
        "installation_id": 7,
        "repository_id": 41,
    } | fields


def listed(canned: responses.RequestsMock, *pages: list[dict[str, Any]]) -> None:
    for number, page in enumerate(pages):
        headers = {}
        if number + 1 < len(pages):
            headers["Link"] = f'<{LIST}?per_page=100&cursor=v1_{number + 1}>; rel="next"'
        canned.add(responses.GET, LIST, json=page, headers=headers)


def failed(app: AppClient) -> list[tuple[int, str]]:
    return [(each.id, each.guid) for each in app.failed_deliveries(NOW - timedelta(hours=1))]


def test_a_delivery_that_failed_is_found_by_its_newest_attempt(
    app: AppClient, canned: responses.RequestsMock
) -> None:
    listed(canned, [attempt(3, "a", 503), attempt(2, "b", 202), attempt(1, "a", 500)])
    assert failed(app) == [(3, "a")]


@pytest.mark.parametrize("order", [(202, 503), (503, 202)])
def test_one_attempt_that_succeeded_settles_a_delivery(
    app: AppClient, canned: responses.RequestsMock, order: tuple[int, int]
) -> None:
    listed(canned, [attempt(2, "a", order[0])], [attempt(1, "a", order[1])])
    assert failed(app) == []


def test_further_pages_are_asked_for_by_their_cursor(app: AppClient, canned: responses.RequestsMock) -> None:
    listed(canned, [attempt(3, "a", 202)], [attempt(2, "b", 0)], [attempt(1, "c", 202)])
    assert failed(app) == [(2, "b")]
    assert [call.request.params.get("cursor") for call in canned.calls] == [None, "v1_1", "v1_2"]


def test_what_is_older_is_not_asked_for(app: AppClient, canned: responses.RequestsMock) -> None:
    listed(canned, [attempt(2, "a", 500, minutes_ago=61)], [attempt(1, "b", 500, minutes_ago=70)])
    assert failed(app) == []
    assert len(canned.calls) == 1


def test_a_delivery_on_its_way_has_not_failed(app: AppClient, canned: responses.RequestsMock) -> None:
    listed(canned, [attempt(1, "a", 0, status="pending")])
    assert failed(app) == []


def test_asking_again_for_what_github_no_longer_has_ends_it(
    app: AppClient, canned: responses.RequestsMock
) -> None:
    canned.add(responses.POST, f"{LIST}/1/attempts", status=404, json={"message": "Not Found"})
    with pytest.raises(Terminal):
        app.redeliver(1)
