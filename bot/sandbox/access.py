"""Who may do what: App permissions for installation tokens, roles for people.

https://docs.github.com/rest/overview/permissions-required-for-github-apps
"""

from __future__ import annotations

from bot.sandbox.errors import Refused, forbidden, not_found
from bot.sandbox.state import ROLES, Account, Actor, Installation, Repository, Token, World

LEVELS = ("none", "read", "write", "admin")


def covers(installation: Installation, repo: Repository) -> bool:
    """Whether the installation was given this repository."""
    if installation.account is not repo.owner:
        return False
    return installation.repository_ids is None or repo.id in installation.repository_ids


def in_token(token: Token, repo: Repository) -> bool:
    """Whether an installation token reaches this repository."""
    if token.installation is None or not covers(token.installation, repo):
        return False
    return token.repository_ids is None or repo.id in token.repository_ids


def visible(world: World, actor: Actor, repo: Repository) -> bool:
    """Whether the actor may know that the repository exists."""
    if not repo.private:
        return True
    if actor.token is not None and actor.installation is not None:
        return in_token(actor.token, repo)
    return actor.account is not None and world.role(actor.account.login, repo) != "none"


def may(
    world: World,
    actor: Actor,
    repo: Repository,
    permission: str,
    level: str = "read",
    role: str | None = None,
) -> bool:
    """Whether an App has ``permission`` at ``level``, or a person the ``role`` (default: read or write)."""
    if actor.installation is not None and actor.token is not None:
        if not in_token(actor.token, repo):
            return level == "read" and not repo.private
        granted = "read" if permission == "metadata" else actor.token.permissions.get(permission, "none")
        return LEVELS.index(granted) >= LEVELS.index(level)
    if actor.account is None:
        return level == "read" and not repo.private
    needed = role or ("write" if level != "read" else "read")
    return ROLES.index(world.role(actor.account.login, repo)) >= ROLES.index(needed)


def require(
    world: World,
    actor: Actor,
    repo: Repository,
    permission: str,
    level: str = "read",
    role: str | None = None,
) -> None:
    """Raise 404 when the repository is invisible, 403 when the permission or the role is missing."""
    if not visible(world, actor, repo):
        raise not_found()
    if not may(world, actor, repo, permission, level, role):
        raise forbidden() if actor.installation is not None else Refused(403, "Must have write access.")


def require_any(world: World, actor: Actor, repo: Repository, permissions: list[str], level: str) -> None:
    """Any one of several App permissions is enough (comments on pull requests: issues or pull_requests)."""
    if not visible(world, actor, repo):
        raise not_found()
    if not any(may(world, actor, repo, p, level, "read") for p in permissions):
        raise forbidden()


def who(actor: Actor) -> Account:
    """The account that acts; 401 for nobody."""
    if actor.account is None:
        raise Refused(401, "Requires authentication")
    return actor.account


def actor_of_user(world: World, login: str) -> Actor:
    """A person, acting with all their rights."""
    account = world.account(login)
    return Actor(account=account, token=Token(value="", account=account))


def actor_of_app(installation: Installation) -> Actor:
    """An App, acting with all that its installation has."""
    app = installation.app
    token = Token(
        value="",
        account=app.bot,
        installation=installation,
        permissions=dict(installation.permissions),
    )
    return Actor(account=app.bot, app=app, installation=installation, token=token)
