"""Users, bots, organizations, teams and Apps.

A bot's login has no `[bot]` where the field's type is `Bot` (an author), and has it where GitHub shows the same
account as a `User` (viewer, a commit's author). Pages: https://docs.github.com/graphql/reference/objects#bot
"""

from __future__ import annotations

from typing import Any

from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import Context
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.page import Listing
from bot.sandbox.state import Account, App, Team

type_names(Account, lambda account: account.kind)
type_names(Team, "Team")
type_names(App, "App")

ACCOUNT = Fields("User", "Bot", "Organization", "Mannequin")
ACCOUNT.attributes(id="node_id", databaseId="id")
ACCOUNT.add("url", lambda a, c, _: c.web(_page(a)))
ACCOUNT.add("resourcePath", lambda a, _c, _: f"/{_page(a)}")
ACCOUNT.add("avatarUrl", lambda a, c, _: c.web(f"avatars/{a.id}"))

NAMED = Fields("User", "Organization", "Mannequin")
NAMED.attributes(login="login", name="name")
Fields("User").add("email", lambda a, _c, _: a.email or "")
Fields("User").add("isViewer", lambda a, c, _: a is c.actor.account)
Fields("Organization").attributes(email="email")
Fields("Bot").add("login", lambda a, _c, _: a.login.removesuffix("[bot]"))

APP = Fields("App")
APP.attributes(
    id="node_id", databaseId="id", slug="slug", name="name", clientId="client_id", createdAt="created_at"
)
APP.add("url", lambda app, c, _: c.web(f"apps/{app.slug}"))

TEAM = Fields("Team")
TEAM.attributes(id="node_id", databaseId="id", slug="slug", name="name", organization="org")
TEAM.add("combinedSlug", lambda team, _c, _: f"{team.org.login}/{team.slug}")
TEAM.add("url", lambda team, c, _: c.web(f"orgs/{team.org.login}/teams/{team.slug}"))


def _page(account: Account) -> str:
    return f"apps/{account.login.removesuffix('[bot]')}" if account.kind == "Bot" else account.login


def _sees_members(context: Context) -> None:
    """An App needs `members: read` on the organization for teams and their people."""
    token = context.actor.token
    installed = context.actor.installation is not None
    if installed and (token is None or token.permissions.get("members", "none") == "none"):
        raise Refused(403, "Resource not accessible by integration")


@TEAM.connection("members")
def team_members(team: Team, context: Context, args: dict[str, Any]) -> Listing:
    """People of a team and, unless `membership` says IMMEDIATE, of its child teams; `role` filters, `query` is part of
    the login. Who is only invited is not among them."""
    _sees_members(context)
    membership = args.get("membership") or "ALL"
    children = [t for t in context.world.teams.values() if t is not team and t.within(team)]
    people_of = {
        "ALL": [team, *children],
        "IMMEDIATE": [team],
        "CHILD_TEAM": children,
    }[membership]
    roles = {login: role for each in reversed(people_of) for login, role in each.members.items()}
    logins = [
        login
        for login, role in sorted(roles.items())
        if args.get("role") in (None, role.upper()) and (args.get("query") or "").lower() in login
    ]
    people = [context.world.account(login) for login in logins]
    return Listing(items=people, edge=lambda a: {"role": roles[a.login.lower()].upper()})


@Fields("Organization").field("team")
def organization_team(org: Account, context: Context, args: dict[str, Any]) -> Team | None:
    """A team by its slug, or null."""
    _sees_members(context)
    return context.world.teams.get(f"{org.login}/{args['slug']}".lower())


@Fields("Organization").connection("teams")
def organization_teams(org: Account, context: Context, args: dict[str, Any]) -> list[Team]:
    """Teams of an organization; `query` is part of the slug, `userLogins` people in it."""
    _sees_members(context)
    wanted = {login.lower() for login in args.get("userLogins") or []}
    return [
        team
        for team in context.world.teams.values()
        if team.org is org
        and (args.get("query") or "").lower() in team.slug
        and (not wanted or wanted & set(team.members))
    ]
