"""Image references as they stand in values files: taking one apart, and whether two repositories are the
same.
"""

from __future__ import annotations

from dataclasses import dataclass

_HUB = ("docker.io/", "index.docker.io/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`repository[:tag][@digest]`, split but not judged."""

    repository: str
    tag: str | None
    digest: str | None


def split_reference(text: str) -> Reference:
    """Take an image string apart; a colon before the last slash is a registry's port, not a tag."""
    name, at, digest = text.partition("@")
    cut = name.rfind(":")
    if cut > name.rfind("/"):
        return Reference(repository=name[:cut], tag=name[cut + 1 :], digest=digest if at else None)
    return Reference(repository=name, tag=None, digest=digest if at else None)


def same_repository(one: str, other: str) -> bool:
    """Exact host and path (attack case 38); only Docker Hub's own short names are spelled out first."""
    return _full(one) == _full(other)


def _full(repository: str) -> str:
    for prefix in _HUB:
        if repository.startswith(prefix):
            repository = repository.removeprefix(prefix)
            break
    else:
        host, slash, _ = repository.partition("/")
        if slash and ("." in host or ":" in host or host == "localhost"):
            return repository
    return "docker.io/" + (repository if "/" in repository else "library/" + repository)
