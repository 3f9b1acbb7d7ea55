"""Users, organizations and teams."""

from __future__ import annotations

from flask import Blueprint, Response

from bot.sandbox.access import who
from bot.sandbox.errors import Refused, not_found
from bot.sandbox.represent import accounts
from bot.sandbox.rest.common import actor, listed, reply, world
from bot.sandbox.state import Account, Team

routes = Blueprint("people", __name__)


def _org(login: str) -> Account:
    """The organization; an App needs ``members: read`` and to be installed there."""
    org = world().account(login)
    asking = actor()
    if asking.installation is not None and asking.token is not None:
        if asking.installation.account is not org:
            raise not_found()
        if "members" not in asking.token.permissions:
            raise Refused(403, "Resource not accessible by integration")
    elif who(asking).login.lower() not in org.members:
        raise not_found()
    return org


def _team(org: str, slug: str) -> Team:
    found = world().teams.get(f"{_org(org).login}/{slug}".lower())
    if found is None:
        raise not_found()
    return found


@routes.get("/user")
def get_me() -> Response:
    """GET /user, for people."""
    if actor().installation is not None:
        raise Refused(403, "Resource not accessible by integration")
    return reply(accounts.public_user(world(), who(actor())))


@routes.get("/users/<login>")
def get_user(login: str) -> Response:
    """GET /users/{username}"""
    return reply(accounts.public_user(world(), world().account(login)))


@routes.get("/orgs/<org>/memberships/<login>")
def get_org_membership(org: str, login: str) -> Response:
    """GET /orgs/{org}/memberships/{username}"""
    account, person = _org(org), world().account(login)
    if person.login.lower() not in account.members:
        raise not_found()
    url = f"{world().base_url}/orgs/{account.login}"
    return reply(
        {
            "url": f"{url}/memberships/{person.login}",
            "state": "active",
            "role": "admin" if person.login.lower() in account.admins else "member",
            "organization_url": url,
            "organization": accounts.organization(world(), account),
            "user": accounts.user(world(), person),
        }
    )


@routes.get("/orgs/<org>/teams/<slug>")
def get_team(org: str, slug: str) -> Response:
    """GET /orgs/{org}/teams/{team_slug}"""
    team = _team(org, slug)
    made = accounts.team(world(), team)
    at = accounts.stamp(world().started)
    organization = accounts.organization(world(), team.org)
    page = f"{world().base_url}/{team.org.login}"
    counts = {"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0}
    flags = {"has_organization_projects": False, "has_repository_projects": False, "is_verified": False}
    times = {"created_at": at, "updated_at": at, "archived_at": None}
    made["organization"] = {
        **organization,
        **counts,
        **flags,
        **times,
        "html_url": page,
        "type": "Organization",
    }
    made |= {"members_count": len(team.members), "repos_count": len(team.grants)}
    return reply({**made, "created_at": at, "updated_at": at})


@routes.get("/orgs/<org>/teams/<slug>/members")
def list_team_members(org: str, slug: str) -> Response:
    """GET /orgs/{org}/teams/{team_slug}/members"""
    team = _team(org, slug)
    people = [world().account(login) for login in team.members]
    return listed(people, lambda account: accounts.user(world(), account))


@routes.get("/orgs/<org>/teams/<slug>/memberships/<login>")
def get_team_membership(org: str, slug: str, login: str) -> Response:
    """GET /orgs/{org}/teams/{team_slug}/memberships/{username}; 404 for who is not in it."""
    team = _team(org, slug)
    invited = login.lower() in team.invited
    role = team.members.get(login.lower()) or ("member" if invited else None)
    if role is None:
        raise not_found()
    url = f"{world().base_url}/organizations/{team.org.id}/team/{team.id}/memberships/{login}"
    return reply({"url": url, "role": role, "state": "pending" if invited else "active"})
