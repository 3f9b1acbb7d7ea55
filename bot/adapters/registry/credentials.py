"""Registry credentials, and who may be shown them: the registry itself, and its own token server.

The file is Docker's `config.json` (`auths`), which `docker login` and Kubernetes' image pull secrets write:
https://docs.docker.com/reference/cli/docker/login/#credential-stores
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.errors import UserError

DOCKER_HUB = "docker.io"
HUB_API = "registry-1.docker.io"
"""The host that answers for `docker.io/…`, which itself serves no API."""

_TOKEN_SERVERS = {HUB_API: "auth.docker.io", "registry.gitlab.com": "gitlab.com"}
"""Public registries whose token server has another name. Any other must share the registry's host."""
_HUB_KEYS = ("index.docker.io", "registry-1.docker.io", DOCKER_HUB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user and password (or token) for one registry."""

    user: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


def api_host(host: str) -> str:
    """Where the API of an image's registry is: the host itself, but for Docker Hub."""
    return HUB_API if host == DOCKER_HUB else host


def is_token_server(realm_host: str, registry_host: str) -> bool:
    """Whether the registry's credentials may be shown to that host (both with their port, if any)."""
    return realm_host == registry_host or _TOKEN_SERVERS.get(registry_host) == realm_host


def docker_config(text: str, name: str = "config.json") -> Mapping[str, Credentials]:
    """Credentials by image host, from the text of a Docker `config.json`.

    Raises UserError, which repeats nothing of the file, when it is not one. Entries without `auth` (kept in a
    credential helper) are left out.
    """
    try:
        auths = json.loads(text)["auths"]
        return {_host(key): _decoded(entry["auth"]) for key, entry in auths.items() if entry.get("auth")}
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise UserError(
            f'{name} is no Docker config.json: expected {{"auths": {{"HOST": {{"auth": BASE64}}}}}}; '
            "`docker login HOST` writes one where no credential helper is set"
        ) from None


def _host(key: str) -> str:
    host = urlsplit(key).netloc if "://" in key else key.partition("/")[0]
    return DOCKER_HUB if host in _HUB_KEYS else host


def _decoded(auth: str) -> Credentials:
    user, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
    if not colon:
        raise ValueError
    return Credentials(user=user, password=password)
