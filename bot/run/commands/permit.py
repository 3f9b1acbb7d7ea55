"""May they? Reads the person's permission and roles, asks the one authorizer, and puts the answer on record."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide.approvals import contributed, roles_of
from bot.decide.authorize import Permit, authorize, roles_needed
from bot.decide.commands import Command
from bot.model.door import Door
from bot.model.facts import Actor, Unknown
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.subject import environment as subject_of
from bot.run import approvals
from bot.run.commands.asked import Asked
from bot.run.house import House, note
from bot.run.people import members_of, permission_of
from bot.run.where import Place


def permitted(asked: Asked[Command], environment: str | None) -> Permit:
    """The answer for this command on this pull request, as a ledger row too (attack cases 67, 71)."""
    look, command = asked.look, asked.command.name
    permission = look.permissions.get(asked.by.id)
    if permission is None and not asked.by.is_bot:
        permission = permission_of(look.github, look.snapshot.repository, asked.by)
        look.permissions[asked.by.id] = permission
    own_work = None
    if command == "approve" and look.promotion is not None:
        own_work = contributed(asked.by, approvals.contributors(look.snapshot, look.promotion))
    permit = _judged(look.github, look.policy, command, environment, asked.by, permission or "none", own_work)
    asked.note(event_of(command), _decision(permit), permit.reason, environment=environment)
    return permit


def permitted_at(
    house: House,
    place: Place,
    policy: Policy,
    command: str,
    environment: str,
    asker: Actor,
    door: Door,
    delivery_id: str | None = None,
) -> Permit:
    """The same answer and the same row for the doors without a pull request: the command line, a dispatch."""
    github = house.github(place.installation_id)
    permission = "none" if asker.is_bot else permission_of(github, place.repository, asker)
    permit = _judged(github, policy, command, environment, asker, permission)
    note(
        house,
        subject_of(place.installation_id, place.repository.id, environment),
        event_of(command),
        _decision(permit),
        permit.reason,
        delivery_id=delivery_id,
        actor_id=asker.id or None,
        actor_login=asker.login,
        details={"door": door.value, "environment": environment},
        once=f"said {delivery_id} {event_of(command)} {_decision(permit)} {environment}"
        if delivery_id
        else None,
    )
    return permit


def _judged(
    github: GitHub,
    policy: Policy | None,
    command: str,
    environment: str | None,
    actor: Actor,
    permission: str | Unknown,
    own_work: str | None = None,
) -> Permit:
    return authorize(
        command,
        actor,
        permission,
        commands=policy.commands if policy else None,
        environment=environment,
        roles=_roles(github, policy, command, environment, actor),
        contributed=own_work,
    )


def _roles(
    github: GitHub, policy: Policy | None, command: str, environment: str | None, actor: Actor
) -> Mapping[str, bool | Unknown]:
    """Which of the roles that the command needs there the person fills; asks GitHub only when the rules name any."""
    if policy is None or actor.is_bot:
        return {}
    names = roles_needed(command, policy.commands, environment)
    meant = {name: policy.roles[name] for name in names if name in policy.roles}
    teams = {team for role in meant.values() for team in role.teams}
    members = github.team_members(teams) if teams else {}
    return roles_of(actor, meant, members_of([actor], members))


def event_of(command: str) -> str:
    """The ledger's word for the answer to a command, `/dry-run`: `command_dry_run`."""
    return f"command_{command.replace('-', '_')}"


def _decision(permit: Permit) -> str:
    return "done" if permit.allowed else "refused"
