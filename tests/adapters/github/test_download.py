"""Artifacts: the token stays with GitHub, and no artifact is larger than its limit."""

from __future__ import annotations

import hashlib

import pytest
import requests
import responses

from bot.adapters.github import AppClient, Installation
from bot.errors import Retryable, UserError
from bot.model.facts import Artifact
from tests.adapters.github.conftest import API, SECRET, FakeClock, mint

ZIP = f"{API}/repos/octo/app/actions/artifacts/3/zip"
STORE = "https://store.example.net/a.zip?sig=verysecret"
DATA = b"PK\x03\x04 not really"


def artifact(**fields: object) -> Artifact:
    given = {"id": 3, "name": "component-tags", "size": len(DATA), "expired": False} | fields
    return Artifact(**given)  # type: ignore[arg-type]  # the fields are each test's own


def redirected(canned: responses.RequestsMock, to: str = STORE) -> None:
    mint(canned)
    canned.add(responses.GET, ZIP, status=302, headers={"Location": to})


def test_the_zip_comes_from_the_redirect_without_any_authorization(
    github: Installation, canned: responses.RequestsMock
) -> None:
    redirected(canned)
    canned.add(responses.GET, STORE, body=DATA)
    assert github.download("octo/app", artifact(), 1000) == DATA
    assert "Authorization" in canned.calls[1].request.headers
    assert "Authorization" not in canned.calls[2].request.headers
    assert SECRET not in str(canned.calls[2].request.headers)
    assert github.requests == {"token": 1, "download": 2}


def test_one_more_redirect_is_followed(github: Installation, canned: responses.RequestsMock) -> None:
    redirected(canned)
    canned.add(responses.GET, STORE, status=307, headers={"Location": "https://other.example.net/b"})
    canned.add(responses.GET, "https://other.example.net/b", body=DATA)
    assert github.download("octo/app", artifact(), 1000) == DATA


def test_redirects_without_end_are_refused(github: Installation, canned: responses.RequestsMock) -> None:
    redirected(canned)
    canned.add(responses.GET, STORE, status=302, headers={"Location": STORE})
    with pytest.raises(UserError, match="more than twice"):
        github.download("octo/app", artifact(), 1000)
    assert len(canned.calls) == 4


@pytest.mark.parametrize("address", ["http://store.example.net/a", "file:///etc/passwd", "ftp://x/y"])
def test_an_address_that_is_not_https_is_refused(
    github: Installation, canned: responses.RequestsMock, address: str
) -> None:
    redirected(canned, to=address)
    with pytest.raises(UserError, match="not https"):
        github.download("octo/app", artifact(), 1000)
    assert len(canned.calls) == 2


def test_http_is_followed_only_when_github_itself_is_http(
    key: str, clock: FakeClock, canned: responses.RequestsMock
) -> None:
    local = "http://127.0.0.1:9999"
    app = AppClient(app_id=5, private_key=key, api_url=local, clock=clock, bot_id=1)
    expires = {"token": SECRET, "expires_at": "2026-03-02T13:00:00Z"}
    canned.add(responses.POST, f"{local}/app/installations/7/access_tokens", json=expires, status=201)
    canned.add(
        responses.GET,
        f"{local}/repos/octo/app/actions/artifacts/3/zip",
        status=302,
        headers={"Location": f"{local}/blob"},
    )
    canned.add(responses.GET, f"{local}/blob", body=DATA)
    assert app.installation(7).download("octo/app", artifact(), 1000) == DATA


def test_a_declared_size_over_the_limit_is_refused_before_any_request(
    github: Installation, canned: responses.RequestsMock
) -> None:
    with pytest.raises(UserError, match="larger than 5 bytes"):
        github.download("octo/app", artifact(), 5)
    assert len(canned.calls) == 0


def test_more_bytes_than_declared_are_cut_off_at_the_limit(
    github: Installation, canned: responses.RequestsMock
) -> None:
    redirected(canned)
    canned.add(responses.GET, STORE, body=b"x" * 2000)
    with pytest.raises(UserError, match="larger than 1000 bytes"):
        github.download("octo/app", artifact(size=10), 1000)


@pytest.mark.parametrize("status", [404, 410])
def test_an_expired_artifact_says_what_to_do(
    github: Installation, canned: responses.RequestsMock, status: int
) -> None:
    mint(canned)
    canned.add(responses.GET, ZIP, status=status, json={"message": "Artifact has expired"})
    with pytest.raises(UserError, match="run the workflow again"):
        github.download("octo/app", artifact(), 1000)


def test_an_artifact_known_to_be_expired_is_not_asked_for(
    github: Installation, canned: responses.RequestsMock
) -> None:
    with pytest.raises(UserError, match="run the workflow again"):
        github.download("octo/app", artifact(expired=True), 1000)
    assert len(canned.calls) == 0


@pytest.mark.parametrize(
    "failure", [requests.ReadTimeout("slow"), requests.ConnectionError("x sig=verysecret")]
)
def test_a_storage_that_does_not_answer_is_tried_later_and_its_address_stays_hidden(
    github: Installation, canned: responses.RequestsMock, failure: Exception
) -> None:
    redirected(canned)
    canned.add(responses.GET, STORE, body=failure)
    with pytest.raises(Retryable) as caught:
        github.download("octo/app", artifact(), 1000)
    assert "verysecret" not in str(caught.value)


def test_a_zip_that_is_not_what_github_recorded_is_refused(
    github: Installation, canned: responses.RequestsMock
) -> None:
    redirected(canned)
    canned.add(responses.GET, STORE, body=DATA)
    digest = "sha256:" + hashlib.sha256(b"other").hexdigest()
    with pytest.raises(UserError, match="not what GitHub recorded"):
        github.download("octo/app", artifact(digest=digest), 1000)


def test_a_zip_that_is_what_github_recorded_is_taken(
    github: Installation, canned: responses.RequestsMock
) -> None:
    redirected(canned)
    canned.add(responses.GET, STORE, body=DATA)
    digest = "sha256:" + hashlib.sha256(DATA).hexdigest()
    assert github.download("octo/app", artifact(digest=digest), 1000) == DATA
