"""The cast and the stage: Apps, people, teams, repositories, rights. Part of ``Sandbox`` (see scenario.py)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox import auth
from bot.sandbox.actions.refs import person
from bot.sandbox.actions.workflows import ACTIONS_APP_ID
from bot.sandbox.gitstore import GitRepo, Person
from bot.sandbox.payloads import brief
from bot.sandbox.state import (
    Account,
    App,
    Installation,
    Protection,
    Pull,
    Repository,
    Team,
    World,
)


@dataclass(frozen=True, slots=True)
class Link:
    """A symlink's target, as a file's content in ``files``."""

    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule's commit, as a file's content in ``files``."""

    sha: str


Content = str | bytes | Link | Submodule | None
Files = Mapping[str, Content]
Place = str | Repository


class Setting:
    """Who and what there is. Names are logins, ``owner/name`` and ``org/team``."""

    def __init__(self, world: World, webhook_url: str | None) -> None:
        self.world = world
        self._webhook_url = webhook_url
        self._keys: dict[int, str] = {}
        owner = self._account("github", "Organization")
        self._app_of(ACTIONS_APP_ID, "github-actions", "GitHub Actions", owner, None, "", {}, [])

    # Apps -------------------------------------------------------------------------------------------
    def app(
        self,
        app_id: int = 1,
        private_key: str | None = None,
        webhook_secret: str = "secret",  # noqa: S107 - the sandbox's own, never a real one
        name: str = "lockstep",
        permissions: Mapping[str, str] | None = None,
        events: Iterable[str] = (),
        owner: str = "github",
    ) -> App:
        """Register an App. ``private_key`` is its PEM text (None: one is made, see ``private_key_of``)."""
        with self.world.lock:
            slug = name.lower().replace(" ", "-")
            pem = private_key or _new_key()
            key = serialization.load_pem_private_key(
                pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
            )
            self._keys[app_id] = pem
            account = self.world.account(owner)
            rights = dict(permissions or {"contents": "write", "metadata": "read"})
            return self._app_of(
                app_id, slug, name, account, key.public_key(), webhook_secret, rights, list(events)
            )

    def _app_of(
        self,
        app_id: int,
        slug: str,
        name: str,
        owner: Account,
        key: Any,
        secret: str,
        permissions: dict[str, str],
        events: list[str],
    ) -> App:
        bot = self._account(f"{slug}[bot]", "Bot")
        made = App(
            slug=slug,
            name=name,
            client_id=f"Iv1.{app_id:016x}",
            owner=owner,
            bot=bot,
            public_key=key,
            webhook_secret=secret,
            webhook_url=self._webhook_url,
            permissions=permissions,
            events=events,
            created_at=self.world.clock.now(),
            hook_id=self.world.next_id(),
        )
        self.world.register("A", made, app_id)
        self.world.apps[app_id] = made
        return made

    def private_key_of(self, app: App) -> str:
        """The App's private key as PEM text."""
        return self._keys[app.id]

    def jwt(self, app: App, **claims: Any) -> str:
        """A JWT of the App for nine minutes; ``claims`` override ``iss``, ``iat``, ``exp``."""
        now = int(self.world.clock.now().timestamp()) if self.world.clock.frozen else int(time.time())
        now += int(self.world.clock.offset.total_seconds()) if not self.world.clock.frozen else 0
        payload = {"iss": str(app.id), "iat": now - 5, "exp": now + 540, **claims}
        return jwt.encode(payload, self._keys[app.id], algorithm="RS256")

    def install(self, app: App, account: str, repositories: Iterable[Place] | None = None) -> Installation:
        """Install an App on an account, on some repositories or (None) all; ``installation.created``."""
        with self.world.lock:
            owner = self.world.account(account)
            chosen = None if repositories is None else {self.repo(r).id for r in repositories}
            made = Installation(
                app=app,
                account=owner,
                repository_ids=chosen,
                permissions=dict(app.permissions),
                events=list(app.events),
                created_at=self.world.clock.now(),
            )
            self.world.register("INS", made)
            self.world.installations[made.id] = made
            self._tell_installation(made, "created")
            return made

    def uninstall(self, installation: Installation) -> None:
        """Remove an installation; ``installation.deleted``; its tokens die."""
        with self.world.lock:
            self._tell_installation(installation, "deleted")
            del self.world.installations[installation.id]

    def suspend(self, installation: Installation, suspended: bool = True) -> None:
        """Suspend (or unsuspend) an installation."""
        with self.world.lock:
            installation.suspended_at = self.world.clock.now() if suspended else None
            self._tell_installation(installation, "suspend" if suspended else "unsuspend")

    def _tell_installation(self, installation: Installation, action: str) -> None:
        owned = [r for r in self.world.repositories.values() if r.owner is installation.account]
        chosen = installation.repository_ids
        mine = [r for r in owned if chosen is None or r.id in chosen]
        sender = self._somebody(installation.account)
        self.world.emit("installation", action, None, sender, installation=installation, repositories=mine)

    def add_repositories(self, installation: Installation, repositories: Iterable[Place]) -> None:
        """Give an installation more repositories; ``installation_repositories.added``."""
        self._change_repositories(installation, repositories, "added")

    def remove_repositories(self, installation: Installation, repositories: Iterable[Place]) -> None:
        """Take repositories from an installation; ``installation_repositories.removed``."""
        self._change_repositories(installation, repositories, "removed")

    def _change_repositories(
        self, installation: Installation, repositories: Iterable[Place], action: str
    ) -> None:
        with self.world.lock:
            chosen = [self.repo(r) for r in repositories]
            ids, now = {r.id for r in chosen}, installation.repository_ids or set()
            installation.repository_ids = now | ids if action == "added" else now - ids
            sender = self._somebody(installation.account)
            subject: dict[str, Any] = {"installation": installation, action: chosen}
            self.world.emit("installation_repositories", action, None, sender, **subject)

    def _somebody(self, account: Account) -> Account:
        login = next(iter(sorted(account.admins)), None)
        return self.world.accounts[login] if login else account

    # People -----------------------------------------------------------------------------------------
    def _account(self, login: str, kind: str, email: str | None = None) -> Account:
        made = Account(login=login, kind=kind, email=email, name=login if kind != "Bot" else None)
        self.world.register({"Organization": "O", "Bot": "BOT"}.get(kind, "U"), made)
        self.world.accounts[login.lower()] = made
        return made

    def org(self, login: str, admins: Iterable[str] = ()) -> Account:
        """An organization; ``admins`` are people who own it (made when they are new)."""
        with self.world.lock:
            made = self._account(login, "Organization")
            for name in admins:
                made.admins.add(self.user(name).login.lower())
                made.members.add(name.lower())
            return made

    def user(self, login: str) -> Account:
        """A person; the one there is when the login is known."""
        with self.world.lock:
            email = f"{login.lower()}@example.com"
            return self.world.accounts.get(login.lower()) or self._account(login, "User", email)

    def team(self, name: str, members: Iterable[str] = ()) -> Team:
        """A team ``org/slug`` with members, who become members of the organization."""
        with self.world.lock:
            login, _, slug = name.partition("/")
            org = self.world.account(login)
            made = Team(org=org, slug=slug.lower(), name=slug)
            self.world.register("T", made)
            self.world.teams[name.lower()] = made
            for member in members:
                self.join(name, member)
            return made

    def join(self, team: str, member: str, role: str = "member") -> None:
        """Put a person into a team (and its organization)."""
        with self.world.lock:
            found, account = self.world.teams[team.lower()], self.user(member)
            found.members[account.login.lower()] = role
            found.org.members.add(account.login.lower())

    def leave(self, team: str, member: str) -> None:
        """Take a person out of a team."""
        with self.world.lock:
            del self.world.teams[team.lower()].members[member.lower()]

    def grant(self, who: str, repository: Place, role: str) -> None:
        """Give a person or a team (``org/slug``) a role there: none, read, triage, write, maintain, admin."""
        with self.world.lock:
            repo = self.repo(repository)
            if "/" in who:
                self.world.teams[who.lower()].grants[repo.id] = role
            else:
                repo.collaborators[self.user(who).login.lower()] = role

    def user_token(self, login: str) -> str:
        """A person's token for HTTP."""
        with self.world.lock:
            return auth.user_token(self.world, login)

    def installation_token(self, installation: Installation, **asked: Any) -> str:
        """An installation's token; ``permissions``, ``repositories``, ``repository_ids`` narrow it."""
        with self.world.lock:
            return auth.mint(self.world, installation, asked).value

    # Repositories -----------------------------------------------------------------------------------
    def repo(self, place: Place) -> Repository:
        """The repository of a name (or itself)."""
        return place if isinstance(place, Repository) else self.world.repository(place)

    def repository(
        self,
        name: str,
        files: Files | None = None,
        default_branch: str = "main",
        private: bool = True,
        by: str | None = None,
    ) -> Repository:
        """A repository ``owner/name`` with a first commit of ``files`` (a README when there are none)."""
        with self.world.lock:
            login, _, short = name.partition("/")
            owner = self.world.account(login)
            number = self.world.next_id()
            now = self.world.clock.now()
            made = Repository(
                owner=owner,
                name=short,
                git=GitRepo.create(self.world.home / f"{number}.git"),
                default_branch=default_branch,
                created_at=now,
                pushed_at=now,
                private=private,
            )
            self.world.register("R", made, number)
            self.world.repositories[number] = made
            author = person(self.world, self.user(by) if by else self._somebody(owner))
            content = files or {"README.md": f"# {short}\n"}
            sha = self.commit_on(made.git, None, content, "Begin", author)
            made.git.set_ref(f"heads/{default_branch}", sha)
            return made

    def fork(self, repository: Place, owner: str) -> Repository:
        """A person's fork, named alike."""
        with self.world.lock:
            parent, account = self.repo(repository), self.user(owner)
            number, now = self.world.next_id(), self.world.clock.now()
            made = Repository(
                owner=account,
                name=parent.name,
                git=parent.git.fork(number),
                default_branch=parent.default_branch,
                created_at=now,
                pushed_at=now,
                private=parent.private,
                parent=parent,
            )
            self.world.register("R", made, number)
            self.world.repositories[number] = made
            return made

    def commit_on(self, git: GitRepo, parent: str | None, files: Files, message: str, author: Person) -> str:
        """A commit object of files, symlinks, submodules and deletions (None); moves no ref."""
        changes: dict[str, tuple[str, str] | None] = {}
        for path, content in files.items():
            if content is None:
                changes[path] = None
            elif isinstance(content, Link):
                changes[path] = ("120000", git.write_blob(content.target.encode()))
            elif isinstance(content, Submodule):
                changes[path] = ("160000", content.sha)
            else:
                data = content.encode() if isinstance(content, str) else content
                changes[path] = ("100644", git.write_blob(data))
        tree = git.write_tree(git.tree_of(parent) if parent else None, changes)
        return git.write_commit(tree, [parent] if parent else [], message, author, author)

    def protect(
        self,
        repository: Place,
        branch: str = "main",
        checks: Iterable[str] = (),
        reviews: int = 0,
        block_push: bool = False,
        app_id: int | None = None,
        strict: bool = False,
        dismiss_stale: bool = False,
    ) -> Protection:
        """Protect a branch: required checks (of ``app_id``), reviews, no direct pushes."""
        with self.world.lock:
            rules = Protection(
                checks=[(context, app_id) for context in checks],
                reviews=reviews,
                block_push=block_push,
                strict=strict,
                dismiss_stale=dismiss_stale,
            )
            self.repo(repository).protections[branch] = rules
            return rules

    def rename(self, repository: Place, name: str) -> None:
        """Rename a repository; the old name redirects; ``repository.renamed``."""
        with self.world.lock:
            repo = self.repo(repository)
            before = repo.name
            repo.old_names.add(repo.full_name.lower())
            repo.name = name
            changes = {"repository": {"name": {"from": before}}}
            self.world.emit("repository", "renamed", repo, self._somebody(repo.owner), changes=changes)

    def transfer(self, repository: Place, owner: str) -> None:
        """Give a repository to another account; the old name redirects; ``repository.transferred``."""
        with self.world.lock:
            repo, before = self.repo(repository), self.repo(repository).owner
            repo.old_names.add(repo.full_name.lower())
            repo.owner = self.world.account(owner)
            changes = {"owner": {"from": {"organization": {"login": before.login, "id": before.id}}}}
            sender = self._somebody(repo.owner)
            self.world.emit("repository", "transferred", repo, sender, changes=changes)

    def pulls(self, repository: Place, state: str = "open") -> list[Pull]:
        """Pull requests there: ``open``, ``closed``, ``merged`` or ``all``; oldest first."""
        with self.world.lock:
            found = self.repo(repository).pulls
            if state == "merged":
                return [p for p in found if p.merged]
            return [p for p in found if state in (p.state, "all")]

    def listing(self, repository: Place) -> dict[str, Any]:
        """A repository as installation events list it (id, node_id, name, full_name, private)."""
        return brief(self.repo(repository))


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()
