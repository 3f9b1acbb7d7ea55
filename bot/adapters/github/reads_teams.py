"""Who is in a team, now: members of several teams by one question, page after page (row P3, attack cases 60, 61)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.adapters.github import parse
from bot.adapters.github.channel import Channel
from bot.adapters.github.graphql import FieldError, Reply
from bot.adapters.github.queries import teams_query
from bot.errors import InstallationGone, Terminal
from bot.model.facts import Actor, Unknown

_AT_ONCE = 20
"""Teams in one question, so that it stays within GitHub's limit of nodes."""


def team_members(channel: Channel, teams: Iterable[str]) -> Mapping[str, tuple[Actor, ...] | Unknown]:
    """Members by the team's name in lower case. What GitHub refuses or does not find is Unknown, never "nobody"."""
    wanted = sorted({team.lower() for team in teams})
    found: dict[str, tuple[Actor, ...] | Unknown] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        found |= _read(channel, wanted[start : start + _AT_ONCE])
    return found


def _read(channel: Channel, teams: list[str]) -> dict[str, tuple[Actor, ...] | Unknown]:
    found: dict[str, tuple[Actor, ...] | Unknown] = {}
    members: dict[str, list[Actor]] = {}
    open_: dict[str, str | None] = {}
    for team in teams:
        owner, slash, slug = team.partition("/")
        if owner and slash and slug and "/" not in slug:
            open_[team] = None
        else:
            found[team] = Unknown(why=f"{team} is no team: a team is written org/slug")
    while open_:
        names = list(open_)
        try:
            reply = channel.graphql(teams_query(len(names)), _variables(open_), purpose="members")
        except InstallationGone:
            raise
        except Terminal as refused:
            # A 403 for the whole question: nobody's membership is known, and that is told (attack case 60).
            return found | dict.fromkeys(names, Unknown(why=str(refused)))
        for index, team in enumerate(names):
            page = _page(reply, f"t{index}", team)
            if isinstance(page, Unknown):
                found[team] = page
                del open_[team]
                continue
            members.setdefault(team, []).extend(parse.member(node) for node in page["nodes"])
            if page["pageInfo"]["hasNextPage"]:
                open_[team] = str(page["pageInfo"]["endCursor"])
            else:
                found[team] = tuple(members[team])
                del open_[team]
    return found


def _variables(cursors: Mapping[str, str | None]) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    for index, (team, cursor) in enumerate(cursors.items()):
        owner, _, slug = team.partition("/")
        variables |= {f"o{index}": owner, f"s{index}": slug, f"a{index}": cursor}
    return variables


def _page(reply: Reply, alias: str, team: str) -> Mapping[str, Any] | Unknown:
    """One team's page of members, proved by the name that GitHub gives it: a slug may have moved on (case 25)."""
    error: FieldError | None = reply.error_of(alias)
    if error is not None:
        return Unknown(why=f"GitHub does not show {team}: {error.message}")
    node = ((reply.data.get(alias) or {}).get("team")) or {}
    if not node:
        return Unknown(why=f"there is no team {team} that Lockstep can see")
    if str(node.get("combinedSlug", "")).lower() != team:
        return Unknown(why=f"{team} is now {node.get('combinedSlug')}")
    page: Mapping[str, Any] = node["page"]
    return page
