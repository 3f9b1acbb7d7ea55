"""A small local GitHub built straight from its state: one organization, one repository, an App, some people.

For tests of the GraphQL door alone; the stories use the scenario API over HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.access import actor_of_app, actor_of_user
from bot.sandbox.gitstore import GitRepo, Person
from bot.sandbox.graphql import execute
from bot.sandbox.state import (
    Account,
    Actor,
    App,
    Event,
    Installation,
    Repository,
    World,
)

PERMISSIONS = {
    "checks": "write",
    "contents": "write",
    "deployments": "write",
    "issues": "write",
    "members": "read",
    "merge_queues": "read",
    "pull_requests": "write",
    "statuses": "read",
}
FILES = {
    "README.md": b"# hi\n",
    "helm/values-dev.yaml": b"api:\n  tag: 1.0.0\n",
    "logo.png": b"\x89PNG\0\0",
}


@dataclass(slots=True, kw_only=True)
class Small:
    """The world with its people at hand; `ask` sends a document as the App unless told otherwise."""

    world: World
    repo: Repository
    app: App
    installation: Installation
    events: list[Event] = field(default_factory=list)

    @property
    def bot(self) -> Actor:
        """The App with all that its installation has."""
        return actor_of_app(self.installation)

    def person(self, login: str) -> Actor:
        """A person with all their rights."""
        return actor_of_user(self.world, login)

    def limited(self, **permissions: str) -> Actor:
        """The App with just these permissions."""
        actor = actor_of_app(self.installation)
        assert actor.token is not None
        actor.token.permissions = permissions
        return actor

    @property
    def head(self) -> str:
        """The tip of main."""
        return self.repo.git.ref("heads/main") or ""

    def ask(self, document: str, by: Actor | None = None, **variables: Any) -> dict[str, Any]:
        """The answer's body; the status must be 200."""
        status, body = execute(self.world, by or self.bot, document, variables)
        assert status == 200, body
        return body

    def data(self, document: str, by: Actor | None = None, **variables: Any) -> Any:
        """`data` of an answer that must be free of errors."""
        body = self.ask(document, by, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def error(self, document: str, by: Actor | None = None, **variables: Any) -> dict[str, Any]:
        """The only error of an answer."""
        body = self.ask(document, by, **variables)
        assert len(body.get("errors", [])) == 1, body
        found: dict[str, Any] = body["errors"][0]
        return found

    def in_repo(self, selection: str, by: Actor | None = None, **variables: Any) -> Any:
        """`repository { … }` of the one repository."""
        text = f'query {{ repository(owner: "octo", name: "config") {{ {selection} }} }}'
        return self.data(text, by, **variables)["repository"]

    def push(self, branch: str, files: dict[str, bytes | None], message: str = "Change") -> str:
        """A commit by ana on a branch (made from main when new), as a push makes it."""
        from bot.sandbox.actions.refs import move

        git = self.repo.git
        before = git.ref(f"heads/{branch}")
        author = Person(name="Ana", email="ana@example.com", at=self.world.clock.now())
        sha = git.commit_files(before or self.head or None, files, message, author)
        move(self.world, self.repo, f"heads/{branch}", before, sha, self.world.account("ana"))
        return sha

    def pull(self, branch: str = "topic", by: Actor | None = None, **fields: Any) -> Any:
        """An open pull request of a branch onto main."""
        from bot.sandbox.actions import open_pull

        if self.repo.git.ref(f"heads/{branch}") is None:
            self.push(branch, {"topic.txt": branch.encode()})
        given = {"title": "A change", "head": branch, "base": "main", **fields}
        return open_pull(self.world, by or self.bot, self.repo, **given)


def small_world() -> Small:
    """octo/config (private) with ana (admin), ben (writer), eve (stranger), and the App `lockstep`."""
    world = World()
    world.base_url = "http://127.0.0.1:9"
    org = _account(world, "octo", "Organization")
    for login in ("ana", "ben", "eve"):
        _account(world, login, "User", email=f"{login}@example.com")
    org.members |= {"ana", "ben"}
    org.admins.add("ana")
    now = world.clock.now()
    repo = Repository(
        owner=org,
        name="config",
        git=GitRepo.create(world.home / "config.git"),
        default_branch="main",
        created_at=now,
        pushed_at=now,
    )
    world.register("R", repo)
    world.repositories[repo.id] = repo
    repo.collaborators["ben"] = "write"
    small = _install(world, repo)
    author = Person(name="Ana", email="ana@example.com", at=now)
    repo.git.set_ref("heads/main", repo.git.commit_files(None, dict(FILES), "First\n\nWith a body.", author))
    world.sinks.append(small.events.append)
    return small


def _account(world: World, login: str, kind: str, email: str | None = None) -> Account:
    prefix = {"Organization": "O", "Bot": "BOT"}.get(kind, "U")
    account = world.register(prefix, Account(login=login, kind=kind, email=email))
    world.accounts[login] = account
    return account


def _install(world: World, repo: Repository) -> Small:
    now = world.clock.now()
    app = App(
        slug="lockstep",
        name="Lockstep",
        client_id="Iv1",
        owner=repo.owner,
        bot=_account(world, "lockstep[bot]", "Bot"),
        public_key=None,
        webhook_secret="",
        webhook_url=None,
        permissions=PERMISSIONS,
        events=[],
        created_at=now,
    )
    world.register("A", app)
    world.apps[app.id] = app
    installation = Installation(
        app=app,
        account=repo.owner,
        repository_ids=None,
        permissions=dict(PERMISSIONS),
        events=[],
        created_at=now,
    )
    world.register("I", installation)
    world.installations[installation.id] = installation
    return Small(world=world, repo=repo, app=app, installation=installation)
