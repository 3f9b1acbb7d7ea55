"""Registry logins as Docker's `config.json` holds them (`auths`): who may read which registry, or which part of one.

`docker login`, `podman login` and Kubernetes' image pull secrets write this file:
https://docs.docker.com/reference/cli/docker/login/#credential-stores
https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md (keys with a path)
Read by the settings, which stop the start when it is wrong, and used by the registry client.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.errors import UserError

DOCKER_HUB = "docker.io"
_HUB_KEYS = ("index.docker.io", "registry-1.docker.io", DOCKER_HUB)
_KEY = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?(?:/[a-z0-9._/-]+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user and password (or token) for one registry, or for one part of it."""

    user: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


Logins = Mapping[str, Credentials | None]
"""By image host, or by host and path. None: a registry that is named, but read without a login."""


def docker_config(text: str, name: str = "config.json") -> Logins:
    """Credentials by image host, or by host and path, from the text of a Docker `config.json`.

    Raises UserError, which repeats nothing of the file, when it is not one. An entry without a password (kept in a
    credential helper, or none is needed) only names its registry.
    """
    try:
        auths = json.loads(text)["auths"]
        return {_key(key): _decoded(entry) for key, entry in auths.items()}
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise UserError(
            f'{name} is no Docker config.json: expected {{"auths": {{"HOST": {{"auth": BASE64}}}}}}; '
            "`docker login HOST` writes one where no credential helper is set"
        ) from None


def login_for(repository: str, logins: Logins) -> Credentials | None:
    """The credentials of an image repository (`ghcr.io/splattop/api`): the longest key that is it, or leads to it."""
    place = repository
    while place:
        if place in logins:
            return logins[place]
        place = place.rpartition("/")[0]
    return None


def _key(key: str) -> str:
    """Docker writes `https://index.docker.io/v1/`; everything else is a host, perhaps with a path."""
    place = re.sub(r"^https?://", "", key).rstrip("/")
    host, _, path = place.partition("/")
    if path in ("v1", "v2"):
        path = ""
    whole = f"{DOCKER_HUB if host in _HUB_KEYS else host}{'/' if path else ''}{path}"
    if not _KEY.fullmatch(whole):
        raise ValueError
    return whole


def _decoded(entry: Mapping[str, Any]) -> Credentials | None:
    if entry.get("auth"):
        user, colon, password = base64.b64decode(entry["auth"], validate=True).decode().partition(":")
        password = password.rstrip("\0")  # as Docker reads what old versions padded
    elif "username" in entry and "password" in entry:
        user, colon, password = str(entry["username"]), ":", str(entry["password"])
    else:
        return None
    if not colon or re.search(r"[\x00-\x1f\x7f]", user + password):
        raise ValueError
    return Credentials(user=user, password=password)
