"""Who may be shown a registry's credentials: the registry itself, and its own token server."""

from __future__ import annotations

from bot.registry_auth import DOCKER_HUB, Credentials, Logins, docker_config, login_for

__all__ = [
    "DOCKER_HUB",
    "HUB_API",
    "Credentials",
    "Logins",
    "api_host",
    "docker_config",
    "is_token_server",
    "login_for",
]

HUB_API = "registry-1.docker.io"
"""The host that answers for `docker.io/…`, which itself serves no API."""

_TOKEN_SERVERS = {HUB_API: "auth.docker.io", "registry.gitlab.com": "gitlab.com"}
"""Public registries whose token server has another name. Any other must share the registry's host."""


def api_host(host: str) -> str:
    """Where the API of an image's registry is: the host itself, but for Docker Hub."""
    return HUB_API if host == DOCKER_HUB else host


def addresses(logins: Logins) -> tuple[str, ...]:
    """Where the registries are that the operator named."""
    return tuple(f"https://{api_host(key.partition('/')[0])}" for key in logins)


def is_token_server(realm_host: str, registry_host: str) -> bool:
    """Whether the registry's credentials may be shown to that host (both with their port, if any)."""
    return realm_host == registry_host or _TOKEN_SERVERS.get(registry_host) == realm_host
