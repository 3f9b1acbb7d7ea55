"""Argo CD's notifications: who is let in, what is understood, and whom it wakes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bot.errors import Retryable
from bot.model.deployment import Deployment, DeploymentState, Move
from bot.model.image import ComponentTag
from bot.web.app import OTHER_BODIES, create_app
from bot.web.argocd import argocd
from tests.web.fakes import NOW, FakeStore, make_settings

TOKEN = "canary-argocd-webhook-token"
GOOD = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Watched:
    """One deployment of pull request 7 waits for `splattop-dev`; raises `fails` instead when set."""

    woken: list[str] = field(default_factory=list)
    fails: Exception | None = None

    @property
    def deployments(self) -> Watched:
        return self

    @property
    def queue(self) -> Watched:
        return self

    def watching(self, application: str) -> tuple[Deployment, ...]:
        if self.fails:
            raise self.fails
        tag = ComponentTag(tag="1", sha="a" * 40, digest="sha256:" + "a" * 64)
        one = Deployment(
            installation_id=3, config_repository_id=9, environment="dev", source="app", pull_number=7,
            components={"api": Move(before=None, after=tag)}, state=DeploymentState.SYNCING, since=NOW,
        )  # fmt: skip
        return (one,) if application == "splattop-dev" else ()

    def wake(self, subject: str) -> None:
        self.woken.append(subject)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def app_with(watched: Watched, token: str | None) -> Flask:
    return create_app(
        settings=make_settings(), store=FakeStore(), clock=lambda: NOW, rooms=[argocd(watched, token)]
    )


@pytest.fixture
def door(watched: Watched) -> FlaskClient:
    return app_with(watched, TOKEN).test_client()


@pytest.mark.parametrize(
    "body",
    [
        {"application": "splattop-dev"},
        {"metadata": {"name": "splattop-dev"}},
        {"app": {"metadata": {"name": "splattop-dev"}, "status": {}}},
    ],
)
def test_a_notification_wakes_who_watches_the_application(
    door: FlaskClient, watched: Watched, body: object
) -> None:
    assert door.post("/api/argocd", json=body, headers=GOOD).status_code == 202
    assert watched.woken == ["deployment:3:9:7"]


def test_an_application_that_nobody_watches_wakes_nobody(door: FlaskClient, watched: Watched) -> None:
    assert door.post("/api/argocd", json={"application": "other"}, headers=GOOD).status_code == 202
    assert watched.woken == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": TOKEN},
        {"Authorization": f"bearer {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer \u00e9"},
        {"Authorization": f"Bearer {TOKEN}, Bearer {TOKEN}"},
    ],
)
def test_a_stranger_is_refused(door: FlaskClient, watched: Watched, headers: dict[str, str]) -> None:
    answer = door.post("/api/argocd", json={"application": "splattop-dev"}, headers=headers)
    assert (answer.status_code, watched.woken) == (401, [])
    assert TOKEN not in answer.text


def test_a_token_in_the_address_is_none(door: FlaskClient) -> None:
    assert door.post(f"/api/argocd?token={TOKEN}", json={"application": "splattop-dev"}).status_code == 401


def test_without_the_setting_nobody_is_let_in(watched: Watched) -> None:
    client = app_with(watched, None).test_client()
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
        assert client.post("/api/argocd", json={"application": "x"}, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"application": 1}', b'{"application": "../x"}', b'{"a": NaN}', b"[" * 100_000],
)
def test_what_cannot_be_understood_is_malformed(door: FlaskClient, body: bytes) -> None:
    assert door.post("/api/argocd", data=body, headers=GOOD).status_code == 400


def test_a_body_over_the_limit_is_too_large(door: FlaskClient) -> None:
    body = b'{"application": "splattop-dev", "x": "' + b"x" * OTHER_BODIES + b'"}'
    assert door.post("/api/argocd", data=body, headers=GOOD).status_code == 413


def test_when_the_store_does_not_answer_the_sender_is_to_try_again(
    door: FlaskClient, watched: Watched
) -> None:
    watched.fails = Retryable("the database did not answer")
    answer = door.post("/api/argocd", json={"application": "splattop-dev"}, headers=GOOD)
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


def test_case_94_only_posting_is_possible(door: FlaskClient) -> None:
    assert {method: door.open("/api/argocd", method=method).status_code for method in ("GET", "PUT", "DELETE")} == {
        "GET": 405, "PUT": 405, "DELETE": 405,
    }  # fmt: skip
