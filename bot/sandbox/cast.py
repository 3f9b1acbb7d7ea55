"""The cast: Apps and their installations, people, teams, rights. Part of ``Sandbox`` (see scenario.py)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import jwt

from bot.sandbox import auth
from bot.sandbox.actions.apps import new_account, new_app, new_key, public_key, slug_of
from bot.sandbox.actions.workflows import ACTIONS_APP_ID
from bot.sandbox.state import Account, App, Installation, Repository, Team, World

Place = str | Repository


class Cast:
    """Who there is. Names are logins, ``owner/name`` and ``org/team``."""

    def __init__(self, world: World, webhook_url: str | None) -> None:
        self.world = world
        self._webhook_url = webhook_url
        self._keys: dict[int, str] = {}
        owner = self._account("github", "Organization")
        self._app_of(ACTIONS_APP_ID, "github-actions", "GitHub Actions", owner, None, "", {}, [])

    def repo(self, place: Place) -> Repository:
        """The repository of a name (or itself)."""
        return place if isinstance(place, Repository) else self.world.repository(place)

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
            pem = private_key or new_key()
            self._keys[app_id] = pem
            account = self.world.account(owner)
            rights = dict(permissions or {"contents": "write", "metadata": "read"})
            return self._app_of(
                app_id, slug_of(name), name, account, public_key(pem), webhook_secret, rights, list(events)
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
        return new_app(
            self.world,
            app_id,
            slug=slug,
            name=name,
            owner=owner,
            public_key=key,
            webhook_secret=secret,
            webhook_url=self._webhook_url,
            permissions=permissions,
            events=events,
        )

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
        return new_account(self.world, login, kind, email)

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

    def team(self, name: str, members: Iterable[str] = (), parent: str | None = None) -> Team:
        """A team ``org/slug`` (maybe a child of ``parent``) with members, who become members of the organization."""
        with self.world.lock:
            login, _, slug = name.partition("/")
            org = self.world.account(login)
            above = self.world.teams[parent.lower()] if parent else None
            made = Team(org=org, slug=slug.lower(), name=slug, parent=above)
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
            found.invited.discard(account.login.lower())
            found.org.members.add(account.login.lower())

    def invite(self, team: str, person: str) -> None:
        """Invite a person into a team; until they accept (``join``) they are no member."""
        with self.world.lock:
            self.world.teams[team.lower()].invited.add(self.user(person).login.lower())

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
