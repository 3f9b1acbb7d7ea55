"""People, organizations, teams, Apps and installations as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.sandbox.state import Account, App, Installation, Repository, Team, World

Json = dict[str, Any]


def stamp(at: datetime | None) -> str | None:
    """``2026-01-31T12:00:00Z``, or None."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def user(world: World, account: Account) -> Json:
    """GitHub's ``simple-user``."""
    api = f"{world.base_url}/users/{quote(account.login)}"
    page = account.login.removesuffix("[bot]")
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "avatar_url": f"{world.base_url}/avatars/{account.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": f"{world.base_url}/{'apps/' if account.kind == 'Bot' else ''}{page}",
        "followers_url": f"{api}/followers",
        "following_url": f"{api}/following{{/other_user}}",
        "gists_url": f"{api}/gists{{/gist_id}}",
        "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{api}/subscriptions",
        "organizations_url": f"{api}/orgs",
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events{{/privacy}}",
        "received_events_url": f"{api}/received_events",
        "type": account.kind,
        "site_admin": False,
    }


def public_user(world: World, account: Account) -> Json:
    """GitHub's ``public-user``."""
    return {
        **user(world, account),
        "name": account.name,
        "company": None,
        "blog": None,
        "location": None,
        "email": account.email,
        "hireable": None,
        "bio": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(world.started),
        "updated_at": stamp(world.started),
    }


def organization(world: World, account: Account) -> Json:
    """GitHub's ``organization-simple``."""
    api = f"{world.base_url}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{world.base_url}/avatars/{account.id}",
        "description": None,
    }


def team(world: World, team: Team, repo: Repository | None = None, *, webhook: bool = False) -> Json:
    """GitHub's ``team``; ``permission`` is the one on ``repo``; webhooks leave some fields out."""
    role = team.grants.get(repo.id, "read") if repo else "read"
    made: Json = {
        "id": team.id,
        "node_id": team.node_id,
        "url": f"{world.base_url}/organizations/{team.org.id}/team/{team.id}",
        "html_url": f"{world.base_url}/orgs/{team.org.login}/teams/{team.slug}",
        "name": team.name,
        "slug": team.slug,
        "description": "",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": {"read": "pull", "write": "push"}.get(role, role),
        "members_url": f"{world.base_url}/organizations/{team.org.id}/team/{team.id}/members{{/member}}",
        "repositories_url": f"{world.base_url}/organizations/{team.org.id}/team/{team.id}/repos",
        "type": "organization",
        "organization_id": team.org.id,
        "parent": None,
    }
    unlisted = ("notification_setting", "type", "organization_id") if webhook else ()
    return {key: value for key, value in made.items() if key not in unlisted}


def app(world: World, app: App, *, webhook: bool = False) -> Json:
    """GitHub's ``integration``; some webhooks do not list its ``client_id``."""
    return {
        "id": app.id,
        **({} if webhook else {"client_id": app.client_id}),
        "slug": app.slug,
        "node_id": app.node_id,
        "owner": user(world, app.owner),
        "name": app.name,
        "description": "",
        "external_url": f"{world.base_url}/apps/{app.slug}",
        "html_url": f"{world.base_url}/apps/{app.slug}",
        "created_at": stamp(app.created_at),
        "updated_at": stamp(app.created_at),
        "permissions": app.permissions,
        "events": app.events,
    }


def installation(world: World, installation: Installation) -> Json:
    """GitHub's ``installation``."""
    api = f"{world.base_url}/app/installations/{installation.id}"
    account = installation.account
    return {
        "id": installation.id,
        "client_id": installation.app.client_id,
        "account": user(world, account),
        "repository_selection": "all" if installation.repository_ids is None else "selected",
        "access_tokens_url": f"{api}/access_tokens",
        "repositories_url": f"{world.base_url}/installation/repositories",
        "html_url": f"{world.base_url}/settings/installations/{installation.id}",
        "app_id": installation.app.id,
        "app_slug": installation.app.slug,
        "target_id": account.id,
        "target_type": account.kind,
        "permissions": installation.permissions,
        "events": installation.events,
        "created_at": stamp(installation.created_at),
        "updated_at": stamp(installation.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": stamp(installation.suspended_at),
    }


def association(account: Account, repo: Repository) -> str:
    """``author_association`` of a person or bot there."""
    login = account.login.lower()
    if account is repo.owner:
        return "OWNER"
    if login in repo.owner.members:
        return "MEMBER"
    return "COLLABORATOR" if login in repo.collaborators else "NONE"
