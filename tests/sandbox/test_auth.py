"""Who may do what on the local GitHub."""

import time

import pytest

from bot.sandbox.actions.apps import new_key
from tests.sandbox.conftest import APP, CONFIG, Caller


def test_an_app_sees_itself_with_its_jwt(scene):
    assert scene.jwt().get("/app").json()["slug"] == "lockstep"


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"exp": 3600}, "too far in the future"),
        ({"exp": -5}, "must be a numeric value"),
        ({"iat": 300}, "'Issued at' claim"),
    ],
)
def test_a_jwt_with_wrong_times_is_refused(scene, claims, says):
    now = int(time.time())
    answer = scene.jwt(**{name: now + seconds for name, seconds in claims.items()}).get("/app")
    assert (answer.status_code, says in answer.json()["message"]) == (401, True)


def test_a_jwt_signed_by_another_key_is_refused(scene):
    scene.github._keys[7] = new_key()
    assert scene.jwt().get("/app").status_code == 401


def test_the_client_id_is_an_issuer_too(scene):
    assert scene.jwt(iss=scene.app.client_id).get("/app").status_code == 200


def test_a_token_is_minted_for_chosen_repositories_and_permissions(scene):
    asked = {"repositories": ["config"], "permissions": {"contents": "read"}}
    path = f"/app/installations/{scene.installation.id}/access_tokens"
    made = scene.jwt().post(path, asked).json()
    assert made["permissions"] == {"contents": "read", "metadata": "read"}
    assert [r["name"] for r in made["repositories"]] == ["config"]


@pytest.mark.parametrize("asked", [{"permissions": {"workflows": "write"}}, {"repositories": ["elsewhere"]}])
def test_a_token_for_more_than_was_granted_is_refused(scene, asked):
    path = f"/app/installations/{scene.installation.id}/access_tokens"
    assert scene.jwt().post(path, asked).status_code == 422


def test_a_token_dies_after_an_hour(scene):
    bot = scene.bot()
    scene.github.advance(3601)
    assert bot.get(CONFIG).json()["message"] == "Bad credentials"


def test_a_repository_outside_the_token_is_not_found(scene):
    assert scene.bot(repositories=["config"]).get(APP).status_code == 404


def test_a_missing_permission_is_forbidden(scene):
    answer = scene.bot(permissions={"contents": "read"}).post(f"{CONFIG}/git/refs", {})
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "Resource not accessible by integration",
    )


def test_a_suspended_installation_is_forbidden(scene):
    bot = scene.bot()
    scene.github.suspend(scene.installation)
    assert bot.get(CONFIG).status_code == 403


def test_nobody_and_strangers_do_not_find_a_private_repository(scene):
    scene.github.user("eve")
    assert scene.nobody().get(CONFIG).status_code == 404
    assert scene.person("eve").get(CONFIG).status_code == 404


def test_a_reader_may_review_but_not_merge(scene):
    pull = scene.change()
    cho = scene.person("cho")
    assert cho.post(f"{CONFIG}/pulls/{pull.number}/reviews", {"event": "APPROVE"}).status_code == 200
    assert cho.put(f"{CONFIG}/pulls/{pull.number}/merge").status_code == 403


def test_a_bad_token_is_refused(scene):
    assert Caller(scene.github.base_url, "ghs_wrong").get(CONFIG).status_code == 401


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [("ana", "admin", "admin"), ("ben", "write", "write"), ("cho", "read", "read"), ("eve", "none", "none")],
)
def test_permissions_come_from_ownership_teams_and_grants(scene, login, permission, role):
    scene.github.user(login)
    found = scene.bot().get(f"{CONFIG}/collaborators/{login}/permission").json()
    assert (found["permission"], found["role_name"]) == (permission, role)
