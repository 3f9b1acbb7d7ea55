"""May they? Reads the person's permission and roles, asks the one authorizer, and puts the answer on record."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide.approvals import contributed, roles_of
from bot.decide.authorize import Permit, authorize, roles_needed
from bot.model.facts import Actor, Repository, Unknown
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.run import approvals
from bot.run.commands.asked import Asked
from bot.run.house import note
from bot.run.people import members_of, permission_of


def permitted(asked: Asked, environment: str | None) -> Permit:
    """The answer for this command in this environment, as a ledger row too (attack cases 67, 71)."""
    look, command = asked.look, asked.command.name
    permission = look.permissions.get(asked.by.id)
    if permission is None and not asked.by.is_bot:
        permission = permission_of(look.github, look.snapshot.repository, asked.by)
        look.permissions[asked.by.id] = permission
    judged = look.promotion is not None and command == "approve"
    permit = authorize(
        command,
        asked.by,
        permission or "none",
        commands=look.policy.commands if look.policy else None,
        environment=environment,
        roles=roles(look.github, look.policy, command, environment, asked.by),
        contributed=contributed(asked.by, approvals.contributors(look.snapshot, look.promotion))
        if judged and look.promotion
        else None,
    )
    note(
        look.house,
        look.subject,
        f"command_{command.replace('-', '_')}",
        "done" if permit.allowed else "refused",
        permit.reason,
        pull_number=look.snapshot.pull.number,
        head_sha=look.snapshot.pull.head_sha,
        delivery_id=asked.delivery_id,
        actor_id=asked.by.id,
        actor_login=asked.by.login,
        details={"door": asked.door.value, **({"environment": environment} if environment else {})},
    )
    return permit


def ask(
    github: GitHub,
    repository: Repository,
    policy: Policy | None,
    command: str,
    environment: str | None,
    actor: Actor,
) -> Permit:
    """The authorizer's answer for doors without a pull request (command line, dispatch); writes nothing."""
    permission = "none" if actor.is_bot else permission_of(github, repository, actor)
    return authorize(
        command,
        actor,
        permission,
        commands=policy.commands if policy else None,
        environment=environment,
        roles=roles(github, policy, command, environment, actor),
    )


def roles(
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
