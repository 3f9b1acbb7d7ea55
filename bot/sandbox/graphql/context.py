"""What a resolver gets: the world, who asks, and Git objects as values with node ids of their own.

Git objects are not entities of the world; their node ids carry the repository's number and the object's name.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from bot.sandbox.access import may, visible
from bot.sandbox.errors import Refused, forbidden
from bot.sandbox.graphql.cost import Cost
from bot.sandbox.state import (
    Actor,
    CheckRun,
    CheckSuite,
    Comment,
    Deployment,
    Issue,
    Repository,
    Review,
    Status,
    World,
)


class Unsupported(Exception):
    """The local GitHub lacks this; the message names it as `Type.field`."""


@dataclass(frozen=True, slots=True)
class GitCommit:
    """A commit of a repository."""

    repo: Repository
    sha: str


@dataclass(frozen=True, slots=True)
class GitTree:
    """A tree of a repository; when it was found by a path, that path and the commit are known."""

    repo: Repository
    sha: str
    path: str = ""
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class GitBlob:
    """A blob of a repository."""

    repo: Repository
    sha: str


@dataclass(frozen=True, slots=True)
class GitRef:
    """A ref, its name without `refs/` (`heads/main`)."""

    repo: Repository
    name: str

    @property
    def target(self) -> str:
        """The sha that it points at; "" when it is gone."""
        return self.repo.git.ref(self.name) or ""


GitObject = GitCommit | GitTree | GitBlob
_PREFIXES: dict[str, type[GitCommit] | type[GitTree] | type[GitBlob] | type[GitRef]] = {
    "C": GitCommit,
    "T": GitTree,
    "B": GitBlob,
    "REF": GitRef,
}


def git_id(value: GitCommit | GitTree | GitBlob | GitRef) -> str:
    """The node id of a Git object or ref."""
    prefix = next(name for name, cls in _PREFIXES.items() if isinstance(value, cls))
    text = f"{value.repo.id}:{value.name if isinstance(value, GitRef) else value.sha}"
    return f"{prefix}_git{base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def git_object(repo: Repository, sha: str) -> GitObject | None:
    """The object of this full sha, whatever it is, or None."""
    if repo.git.has(sha):
        return GitCommit(repo, sha)
    if repo.git.has(sha, "tree"):
        return GitTree(repo, sha)
    return GitBlob(repo, sha) if repo.git.has(sha, "blob") else None


def no_node(node_id: str) -> Refused:
    """GitHub's sentence for an id that leads nowhere, or to what the actor may not see."""
    return Refused(404, f"Could not resolve to a node with the global id of '{node_id}'", kind="NOT_FOUND")


@dataclass(frozen=True, slots=True)
class Context:
    """One request's world and actor, and what the document costs."""

    world: World
    actor: Actor
    cost: Cost

    def web(self, path: str) -> str:
        """An address for people (`html_url` in REST)."""
        return f"{self.world.base_url}/{path}"

    def reads(self, repo: Repository, *permissions: str) -> None:
        """FORBIDDEN unless the actor has one of these App permissions for reading."""
        if not any(may(self.world, self.actor, repo, name) for name in permissions):
            raise forbidden()

    def node(self, node_id: str) -> Any:
        """The entity or Git object of a node id that the actor may see; `Refused` NOT_FOUND otherwise."""
        found: Any = self.world.nodes.get(node_id)
        found = found if found is not None else self._git_node(node_id)
        if found is None:
            raise no_node(node_id)
        repo = repository_of(found)
        if repo is not None and not visible(self.world, self.actor, repo):
            raise no_node(node_id)
        return found

    def expect(self, node_id: str, *classes: type) -> Any:
        """The same, and of one of these classes."""
        found = self.node(node_id)
        if not isinstance(found, classes):
            raise no_node(node_id)
        return found

    def _git_node(self, node_id: str) -> GitObject | GitRef | None:
        prefix, _, code = node_id.partition("_git")
        if prefix not in _PREFIXES:
            return None
        try:
            number, _, name = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode().partition(":")
            repo = self.world.repositories.get(int(number))
        except (binascii.Error, ValueError):
            return None
        if repo is None:
            return None
        if prefix == "REF":
            return GitRef(repo, name) if repo.git.ref(name) else None
        return git_object(repo, name)


def repository_of(value: Any) -> Repository | None:
    """The repository whose visibility decides about a value; None for accounts, teams and Apps."""
    if isinstance(value, Repository):
        return value
    if isinstance(value, Comment):
        return value.issue.repo
    if isinstance(value, Review):
        return value.pull.repo
    owned = (Issue, CheckRun, CheckSuite, Status, Deployment, GitCommit, GitTree, GitBlob, GitRef)
    return value.repo if isinstance(value, owned) else None
