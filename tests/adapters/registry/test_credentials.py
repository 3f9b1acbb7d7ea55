"""Docker's `config.json`, and which token servers belong to which registry."""

from __future__ import annotations

import base64
import json

import pytest

from bot.adapters.registry import Credentials, addresses, docker_config
from bot.adapters.registry.credentials import is_token_server, login_for
from bot.errors import UserError


def written(**auths: str) -> str:
    return json.dumps(
        {"auths": {host: {"auth": base64.b64encode(text.encode()).decode()} for host, text in auths.items()}}
    )


def test_credentials_are_read_by_host() -> None:
    text = written(**{"ghcr.io": "robot:to:ken", "https://index.docker.io/v1/": "me:word"})
    assert docker_config(text) == {
        "ghcr.io": Credentials(user="robot", password="to:ken"),
        "docker.io": Credentials(user="me", password="word"),
    }


def test_an_entry_of_a_credential_helper_names_its_registry_and_no_more() -> None:
    assert docker_config('{"auths": {"ghcr.io": {}}, "credsStore": "desktop"}') == {"ghcr.io": None}


def test_the_registries_that_the_operator_names_may_be_private() -> None:
    logins = docker_config('{"auths": {"registry.corp:5000/team": {}, "docker.io": {}}}')
    assert addresses(logins) == ("https://registry.corp:5000", "https://registry-1.docker.io")


def test_a_user_and_password_may_stand_in_plain_as_kubernetes_writes_them() -> None:
    text = '{"auths": {"ghcr.io": {"username": "robot", "password": "token"}}}'
    assert docker_config(text) == {"ghcr.io": Credentials(user="robot", password="token")}


@pytest.mark.parametrize(
    ("repository", "user"),
    [
        ("ghcr.io/splattop/api", "splattop"),
        ("ghcr.io/splattop/api/sub", "splattop"),
        ("ghcr.io/splattop-evil/api", "all"),
        ("ghcr.io/other", "all"),
        ("ghcr.io.evil.tld/splattop/api", None),
        ("ghcr.io:8443/splattop/api", None),
        ("docker.io/library/nginx", "hub"),
    ],
)
def test_case_38_credentials_are_for_exactly_the_host_and_path_of_their_key(
    repository: str, user: str | None
) -> None:
    logins = docker_config(
        written(
            **{"ghcr.io": "all:x", "ghcr.io/splattop": "splattop:x", "https://index.docker.io/v1/": "hub:x"}
        )
    )
    found = login_for(repository, logins)
    assert (found.user if found else None) == user


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"auths": 1}',
        '{"auths": {"x": {"auth": "canary!"}}}',
        '{"auths": {"x": 1}}',
        '{"auths": {"a b": {}}}',
    ],
)
def test_a_file_of_another_shape_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(UserError, match=r"no Docker config\.json") as caught:
        docker_config(text)
    assert "canary" not in str(caught.value)


def test_a_password_is_not_in_the_repr() -> None:
    assert "word" not in repr(Credentials(user="me", password="word"))


@pytest.mark.parametrize(
    ("realm", "registry", "own"),
    [
        ("ghcr.io", "ghcr.io", True),
        ("auth.docker.io", "registry-1.docker.io", True),
        ("gitlab.com", "registry.gitlab.com", True),
        ("auth.docker.io", "ghcr.io", False),
        ("evil.ghcr.io", "ghcr.io", False),
        ("ghcr.io.evil.tld", "ghcr.io", False),
        ("ghcr.io:8443", "ghcr.io", False),
    ],
)
def test_only_the_registrys_own_token_server_is_trusted(realm: str, registry: str, own: bool) -> None:
    assert is_token_server(realm, registry) is own
