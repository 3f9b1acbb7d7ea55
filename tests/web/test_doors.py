"""Every route is on the public list or refuses, and no answer tells what went wrong inside (cases 93, 94)."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from bot.web.app import OTHER_BODIES, PUBLIC, create_app
from tests.web.fakes import NOW, SECRET, FakeStore, make_settings


def unguarded(app: Flask) -> list[str]:
    """Routes off the public list that let a stranger in."""
    client = app.test_client()
    found = []
    for rule in app.url_map.iter_rules():
        path = str(rule).replace("<", "").replace(">", "")
        if str(rule) in PUBLIC:
            continue
        for method in rule.methods or ():
            for credentials in ({}, {"Authorization": "Bearer x"}):
                if client.open(path, method=method, headers=credentials).status_code not in (401, 403, 405):
                    found.append(f"{method} {rule}")
    return found


def test_case_94_every_route_is_public_on_purpose_or_refuses(app: Flask) -> None:
    assert unguarded(app) == []


def test_case_94_a_new_unguarded_door_is_noticed(fake: FakeStore) -> None:
    room = Blueprint("room", __name__)
    room.add_url_rule("/open", view_func=lambda: "come in")
    app = create_app(settings=make_settings(), store=fake, clock=lambda: NOW, rooms=[room])
    assert "GET /open" in unguarded(app)


def test_the_public_list_names_only_routes_that_exist(app: Flask) -> None:
    assert {str(rule) for rule in app.url_map.iter_rules()} >= PUBLIC


@pytest.fixture
def broken(fake: FakeStore) -> FlaskClient:
    room = Blueprint("room", __name__)

    @room.post("/broken")
    def view() -> str:
        raise RuntimeError(f"https://user:{SECRET}@example.com")

    @room.post("/reads")
    def reads() -> str:
        from flask import request

        return str(len(request.get_data()))

    return create_app(settings=make_settings(), store=fake, clock=lambda: NOW, rooms=[room]).test_client()


def test_case_93_an_unhandled_error_shows_nothing_of_itself(broken: FlaskClient) -> None:
    answer = broken.post("/broken")
    assert (answer.status_code, answer.json) == (500, {"error": "Internal Server Error"})


def test_bodies_of_other_routes_have_a_small_limit(broken: FlaskClient) -> None:
    assert broken.post("/reads", data=b"x" * OTHER_BODIES).status_code == 200
    assert broken.post("/reads", data=b"x" * (OTHER_BODIES + 1)).status_code == 413


def test_an_unknown_page_is_not_found_in_json(client: FlaskClient) -> None:
    assert client.get("/nowhere").json == {"error": "Not Found"}


def test_no_answer_is_kept_by_caches(client: FlaskClient) -> None:
    assert client.get("/live").headers["Cache-Control"] == "no-store"
