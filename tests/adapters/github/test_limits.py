"""Rate limits: heeded before a call is made, never slept through (attack case 19)."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import responses

from bot.adapters.github import AppClient, Installation, MemoryBudget
from bot.adapters.github.budget import ContentThrottle
from bot.adapters.github.errors import wait_after
from bot.errors import Retryable
from tests.adapters.github.conftest import API, NOW, FakeClock, mint

RUN = f"{API}/repos/octo/app/actions/runs/1"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
RESET = NOW + timedelta(minutes=17)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("headers", "message", "wait"),
    [
        (
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(RESET.timestamp()))},
            "API rate limit exceeded",
            timedelta(minutes=17),
        ),
        ({"retry-after": "75"}, SECONDARY, timedelta(seconds=75)),
        ({}, SECONDARY, timedelta(seconds=60)),
    ],
)
def test_case_19_a_limit_blocks_the_installation_until_its_end(
    app: AppClient,
    canned: responses.RequestsMock,
    clock: FakeClock,
    status: int,
    headers: dict[str, str],
    message: str,
    wait: timedelta,
) -> None:
    mint(canned)
    canned.add(responses.GET, RUN, status=status, json={"message": message}, headers=headers)
    with pytest.raises(Retryable) as caught:
        app.installation(7).run("octo/app", 1)
    assert (caught.value.at, caught.value.counts) == (NOW + wait, True)
    made = len(canned.calls)
    clock.advance(seconds=wait.total_seconds() - 1)
    with pytest.raises(Retryable) as again:
        app.installation(7).run("octo/app", 1)
    assert (again.value.at, again.value.counts, len(canned.calls)) == (NOW + wait, False, made)


def test_case_19_bare_secondary_limits_wait_twice_as_long_each_time(
    app: AppClient, canned: responses.RequestsMock, clock: FakeClock
) -> None:
    mint(canned, expires=NOW + timedelta(hours=9))
    waits = []
    canned.add(responses.GET, RUN, status=403, json={"message": SECONDARY})
    for _ in range(4):
        with pytest.raises(Retryable) as caught:
            app.installation(7).run("octo/app", 1)
        assert caught.value.at is not None
        waits.append(caught.value.at - clock.at)
        clock.at = caught.value.at
    assert waits == [timedelta(seconds=seconds) for seconds in (60, 120, 240, 480)]


def test_an_answer_ends_the_doubling(
    app: AppClient, canned: responses.RequestsMock, clock: FakeClock, budget: MemoryBudget
) -> None:
    mint(canned)
    canned.add(responses.GET, RUN, status=403, json={"message": SECONDARY})
    canned.add(responses.GET, f"{API}/installation/repositories", json={"repositories": []})
    with pytest.raises(Retryable):
        app.installation(7).run("octo/app", 1)
    clock.advance(minutes=2)
    app.installation(7).repositories()
    assert budget.strike(7) == 1


def test_no_wait_is_longer_than_an_hour() -> None:
    assert wait_after(500) == timedelta(hours=1)


def test_a_limit_of_one_installation_leaves_the_others_alone(
    app: AppClient, canned: responses.RequestsMock, budget: MemoryBudget
) -> None:
    budget.block(8, NOW + timedelta(hours=1))
    mint(canned)
    canned.add(responses.GET, RUN, status=404, json={"message": "Not Found"})
    assert app.installation(7).run("octo/app", 1) is None


def test_nothing_at_all_is_asked_while_blocked(
    github: Installation, canned: responses.RequestsMock, budget: MemoryBudget
) -> None:
    budget.block(7, NOW + timedelta(seconds=1))
    with pytest.raises(Retryable):
        github.repositories()
    assert len(canned.calls) == 0
    assert not github.requests


def test_a_graphql_limit_that_answers_200_is_a_limit(
    github: Installation, canned: responses.RequestsMock
) -> None:
    mint(canned)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(RESET.timestamp()))}
    body = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
    canned.add(responses.POST, f"{API}/graphql", json=body, headers=headers)
    with pytest.raises(Retryable) as caught:
        github.history("octo/app", "abc", None)
    assert (caught.value.at, caught.value.counts) == (RESET, True)


def test_what_the_headers_say_is_noted(
    github: Installation, canned: responses.RequestsMock, budget: MemoryBudget
) -> None:
    mint(canned)
    headers = {
        "x-ratelimit-remaining": "4321",
        "x-ratelimit-limit": "5000",
        "x-ratelimit-reset": str(int(RESET.timestamp())),
        "x-ratelimit-resource": "core",
    }
    canned.add(responses.GET, RUN, status=404, json={"message": "Not Found"}, headers=headers)
    github.run("octo/app", 1)
    assert budget.noted == {(7, "core"): (4321, 5000, RESET)}


def test_every_request_is_counted_by_installation_and_purpose(
    github: Installation, canned: responses.RequestsMock, budget: MemoryBudget
) -> None:
    mint(canned)
    canned.add(responses.GET, RUN, status=404, json={"message": "Not Found"})
    github.run("octo/app", 1)
    github.run("octo/app", 1)
    assert budget.requests == {(7, "token"): 1, (7, "run"): 2}


def test_the_content_throttle_gives_the_moment_of_the_next_free_place() -> None:
    throttle = ContentThrottle(limit=2)
    taken = [throttle.take(NOW + timedelta(seconds=second)) for second in (0, 10, 20)]
    assert taken == [None, None, NOW + timedelta(seconds=60)]
    assert throttle.take(NOW + timedelta(seconds=60)) is None


def test_more_than_eighty_writes_a_minute_wait_without_sleeping(
    github: Installation, canned: responses.RequestsMock
) -> None:
    for _ in range(80):
        github._channel.shared.throttle.take(NOW)
    started = time.monotonic()
    with pytest.raises(Retryable) as caught:
        github._channel.rest("POST", "/repos/octo/app/labels", purpose="write", body={})
    assert (caught.value.at, caught.value.counts) == (NOW + timedelta(minutes=1), False)
    assert len(canned.calls) == 0
    assert time.monotonic() - started < 20
