"""Tokens: how they are asked for, kept, renewed, and never shown (attack cases 17, 18)."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from email.utils import format_datetime

import jwt
import pytest
import responses

from bot.adapters.github import PERMISSIONS, AppClient, Installation, MemoryBudget
from bot.errors import LockstepError, Moved, Retryable, Terminal, UserError
from tests.adapters.github.conftest import API, MINT, NOW, SECRET, FakeClock, mint, paths

RUN = f"{API}/repos/octo/app/actions/runs/1"


def test_case_17_the_jwt_is_issued_a_minute_ago_and_lives_less_than_ten(
    app: AppClient, canned: responses.RequestsMock
) -> None:
    canned.add(responses.GET, f"{API}/app/installations", json=[])
    app.installations()
    token = canned.calls[0].request.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == {
        "iat": int((NOW - timedelta(seconds=60)).timestamp()),
        "exp": int((NOW + timedelta(minutes=9)).timestamp()),
        "iss": "5",
    }
    assert jwt.get_unverified_header(token)["alg"] == "RS256"


@pytest.mark.parametrize(
    ("message", "ahead"),
    [
        ("'Expiration time' claim ('exp') is too far in the future", timedelta()),
        ("A JSON web token could not be decoded", timedelta(minutes=5)),
    ],
)
def test_case_17_a_clock_that_is_wrong_is_named_and_tried_again_later(
    app: AppClient, canned: responses.RequestsMock, message: str, ahead: timedelta
) -> None:
    date = format_datetime(NOW - ahead, usegmt=True)
    canned.add(responses.GET, f"{API}/app", json={"message": message}, status=401, headers={"Date": date})
    with pytest.raises(Retryable, match="clock skew"):
        app.app()


def test_a_wrong_key_names_the_settings(app: AppClient, canned: responses.RequestsMock) -> None:
    date = format_datetime(NOW, usegmt=True)
    canned.add(responses.GET, f"{API}/app", json={"message": "no"}, status=401, headers={"Date": date})
    with pytest.raises(Terminal, match="APP_ID and PRIVATE_KEY"):
        app.app()


def test_a_key_that_is_none_names_the_setting_and_not_the_key(clock: FakeClock) -> None:
    app = AppClient(app_id=5, private_key="hunter2", api_url=API, clock=clock)
    with pytest.raises(UserError, match="PRIVATE_KEY") as caught:
        app.app()
    assert "hunter2" not in str(caught.value)


def test_case_18_a_token_is_asked_for_with_this_repository_and_the_least_permissions(
    app: AppClient, canned: responses.RequestsMock
) -> None:
    mint(canned)
    canned.add(responses.GET, RUN, status=404, json={"message": "Not Found"})
    app.installation(7, repository_ids=[42, 41]).run("octo/app", 1)
    asked = json.loads(canned.calls[0].request.body)
    assert asked == {"permissions": dict(PERMISSIONS), "repository_ids": [41, 42]}


def test_a_token_is_kept_between_runs_until_five_minutes_before_its_end(
    app: AppClient, canned: responses.RequestsMock, clock: FakeClock
) -> None:
    mint(canned)
    canned.add(responses.GET, RUN, status=404, json={"message": "Not Found"})
    app.installation(7).run("octo/app", 1)
    clock.advance(minutes=54)
    app.installation(7).run("octo/app", 1)
    assert paths(canned).count("POST /app/installations/7/access_tokens") == 1
    clock.advance(minutes=1)
    app.installation(7).run("octo/app", 1)
    assert paths(canned).count("POST /app/installations/7/access_tokens") == 2


def test_case_18_a_refused_token_is_minted_once_more_and_the_call_goes_on(
    github: Installation, canned: responses.RequestsMock
) -> None:
    mint(canned)
    mint(canned, token="ghs_second")
    canned.add(responses.GET, RUN, status=401, json={"message": "Bad credentials"})
    canned.add(responses.GET, RUN, status=404, json={"message": "Not Found"})
    assert github.run("octo/app", 1) is None
    assert [call.request.headers["Authorization"] for call in canned.calls][1::2] == [
        f"Bearer {SECRET}",
        "Bearer ghs_second",
    ]
    assert github.requests == {"token": 2, "run": 2}


def test_a_new_token_that_is_refused_too_ends_it(
    github: Installation, canned: responses.RequestsMock
) -> None:
    mint(canned)
    canned.add(responses.GET, RUN, status=401, json={"message": "Bad credentials"})
    with pytest.raises(Terminal, match="newly minted"):
        github.run("octo/app", 1)
    assert len(canned.calls) == 4


@pytest.mark.parametrize(
    ("status", "message", "says"),
    [
        (404, "Not Found", "installation 7 is gone"),
        (403, "This installation has been suspended", "suspended"),
        (422, "The permissions requested are not granted to this installation.", "checks: write"),
    ],
)
def test_case_26_an_installation_that_is_gone_ends_it_after_one_attempt(
    github: Installation, canned: responses.RequestsMock, status: int, message: str, says: str
) -> None:
    canned.add(responses.POST, MINT, status=status, json={"message": message})
    with pytest.raises(Terminal, match=says):
        github.run("octo/app", 1)
    assert len(canned.calls) == 1


def test_case_26_a_token_for_a_repository_that_was_taken_away_says_that_it_moved(
    app: AppClient, canned: responses.RequestsMock
) -> None:
    said = "There is at least one repository that does not exist or is not accessible to the parent installation."
    canned.add(responses.POST, MINT, status=422, json={"message": said})
    with pytest.raises(Moved):
        app.installation(7, repository_ids=[5, 9]).run("octo/app", 1)


def test_no_secret_is_shown_in_logs_errors_or_representations(
    app: AppClient, canned: responses.RequestsMock, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    github = app.installation(7)
    mint(canned)
    canned.add(responses.GET, RUN, status=500, json={"message": "oops"})
    with pytest.raises(LockstepError) as caught:
        github.run("octo/app", 1)
    shown = " ".join([caplog.text, str(caught.value), repr(app), repr(github), repr(github._channel)])
    assert SECRET not in shown
    assert key.splitlines()[3] not in shown


def test_the_bot_is_the_viewer_of_its_token_and_asked_for_once_a_process(
    key: str, clock: FakeClock, canned: responses.RequestsMock
) -> None:
    app = AppClient(app_id=5, private_key=key, api_url=API, clock=clock, budget=MemoryBudget())
    mint(canned)
    viewer = {"data": {"viewer": {"login": "lock-step[bot]", "databaseId": 41898282}}}
    canned.add(responses.POST, f"{API}/graphql", json=viewer)
    assert [app.installation(7).bot_id, app.installation(7).bot_id] == [41898282, 41898282]
    assert len(canned.calls) == 2


def test_a_bot_that_is_no_viewer_is_found_by_its_slug(
    key: str, clock: FakeClock, canned: responses.RequestsMock
) -> None:
    app = AppClient(app_id=5, private_key=key, api_url=API, clock=clock, budget=MemoryBudget())
    mint(canned)
    refused = {
        "data": {"viewer": None},
        "errors": [{"type": "FORBIDDEN", "path": ["viewer"], "message": "no"}],
    }
    canned.add(responses.POST, f"{API}/graphql", json=refused)
    canned.add(
        responses.GET,
        f"{API}/app",
        json={"id": 5, "slug": "lock-step", "name": "Lockstep", "permissions": {}, "events": []},
    )
    canned.add(responses.GET, f"{API}/users/lock-step%5Bbot%5D", json={"id": 41898282})
    assert app.installation(7).bot_id == 41898282
