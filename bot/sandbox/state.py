"""Everything the local GitHub knows: the ``World`` that holds the entities, and its clock.

Whoever reads or changes anything holds ``world.lock`` (re-entrant); the web layer takes it per request.
Entities get their number (``id``) and node id from ``world.register`` and are found again by ``world.nodes``.
"""

from __future__ import annotations

import base64
import itertools
import os
import secrets
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot.sandbox.entities import (
    Account,
    Actor,
    App,
    Artifact,
    CheckRun,
    CheckSuite,
    Comment,
    Deployment,
    DeploymentStatus,
    Entity,
    Event,
    GateRequest,
    Installation,
    Issue,
    Label,
    MergeQueue,
    Protection,
    Pull,
    QueueEntry,
    Reaction,
    Release,
    Repository,
    Review,
    Status,
    Team,
    Token,
    Workflow,
    WorkflowRun,
)
from bot.sandbox.errors import Refused, not_found

ROLES = ("none", "read", "triage", "write", "maintain", "admin")

__all__ = [
    "ROLES",
    "Account",
    "Actor",
    "App",
    "Artifact",
    "CheckRun",
    "CheckSuite",
    "Clock",
    "Comment",
    "Deployment",
    "DeploymentStatus",
    "Entity",
    "Event",
    "GateRequest",
    "Installation",
    "Issue",
    "Label",
    "MergeQueue",
    "Protection",
    "Pull",
    "QueueEntry",
    "Reaction",
    "Release",
    "Repository",
    "Review",
    "Status",
    "Team",
    "Token",
    "Workflow",
    "WorkflowRun",
    "World",
]


class Clock:
    """The sandbox's time: the real one plus an offset, or frozen; aware UTC, whole seconds."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self.frozen: datetime | None = None

    def now(self) -> datetime:
        """Now, UTC, without microseconds (GitHub prints whole seconds)."""
        return ((self.frozen or datetime.now(UTC)) + self.offset).replace(microsecond=0)

    def advance(self, seconds: float) -> None:
        """Move time forward (or back) by so many seconds."""
        self.offset += timedelta(seconds=seconds)

    def freeze(self, at: datetime) -> None:
        """Stop at this moment; ``advance`` still moves it."""
        self.frozen, self.offset = at, timedelta()

    def resume(self) -> None:
        """Go on from this moment, as fast as the real time."""
        self.frozen, self.offset = None, self.now() - datetime.now(UTC)

    def run(self) -> None:
        """Go on with the real time, exactly."""
        self.frozen, self.offset = None, timedelta()


E = TypeVar("E", bound=Entity)


class World:
    """The whole state. ``sinks`` are called with every ``Event``, inside the lock, when it happens."""

    def __init__(self, home: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.started = self.clock.now()
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a mount, not a file
        prefix = "lockstep-github-"
        self._temporary = None if home else tempfile.TemporaryDirectory(prefix=prefix, dir=memory)
        self.home = home or Path(self._temporary.name if self._temporary else "")
        self._ids = itertools.count(1001)
        self.base_url = self.blob_url = "http://127.0.0.1"
        self.nodes: dict[str, Entity] = {}
        self.accounts: dict[str, Account] = {}
        self.teams: dict[str, Team] = {}  # "org/slug"
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.repositories: dict[int, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.sinks: list[Callable[[Event], None]] = []
        self.dispatches: list[tuple[str, str, dict[str, Any]]] = []  # repository, event or workflow, inputs
        self.codes: dict[str, tuple[dict[str, Any], str, datetime]] = {}
        """App manifests that wait to be exchanged: what, for whom, until when."""
        self.blob_key = secrets.token_bytes(16)
        self.mergeable: dict[tuple[str, str], list[str]] = {}  # (base, head) → conflicting paths

    def next_id(self) -> int:
        """A number never used before."""
        return next(self._ids)

    def register(self, prefix: str, entity: E, number: int | None = None) -> E:
        """Give an entity its id and node id (``prefix`` as GitHub's: PR, R, I, IC, CR …) and remember it."""
        entity.id = number or self.next_id()
        code = base64.urlsafe_b64encode(entity.id.to_bytes(8, "big")).decode().rstrip("=")
        entity.node_id = f"{prefix}_kwDO{code}"
        self.nodes[entity.node_id] = entity
        return entity

    def emit(
        self,
        name: str,
        action: str | None,
        repo: Repository | None,
        sender: Account,
        *,
        only_app: App | None = None,
        **subject: Any,
    ) -> None:
        """Tell everybody who listens that something happened."""
        event = Event(name=name, action=action, repo=repo, sender=sender, subject=subject, only_app=only_app)
        for sink in self.sinks:
            sink(event)

    def account(self, login: str) -> Account:
        """The account of this login, or 404."""
        found = self.accounts.get(login.lower())
        if found is None:
            raise not_found()
        return found

    def find_repository(self, full_name: str) -> Repository | None:
        """The repository now called ``owner/name`` (case-insensitive); old names are not followed."""
        wanted = full_name.lower()
        return next((r for r in self.repositories.values() if r.full_name.lower() == wanted), None)

    def renamed(self, full_name: str) -> Repository | None:
        """The repository once called so."""
        wanted = full_name.lower()
        return next((r for r in self.repositories.values() if wanted in r.old_names), None)

    def repository(self, full_name: str) -> Repository:
        """The repository of this name, also by an older name; ``Refused`` 404 when there is none."""
        found = self.find_repository(full_name) or self.renamed(full_name)
        if found is None:
            raise Refused(404, "Not Found")
        return found

    def role(self, login: str, repo: Repository) -> str:
        """A person's role there: none | read | triage | write | maintain | admin (direct, team, owner)."""
        who = login.lower()
        if who == repo.owner.login.lower() or who in repo.owner.admins:
            return "admin"
        found = [repo.collaborators.get(who, "none"), "none" if repo.private else "read"]
        if who in repo.owner.members:
            found.append("read")
        found += [t.role_on(repo.id) or "none" for t in self.teams.values() if who in t.members]
        return max(found, key=ROLES.index)

    def close(self) -> None:
        """Remove what was written to disk."""
        if self._temporary is not None:
            self._temporary.cleanup()
