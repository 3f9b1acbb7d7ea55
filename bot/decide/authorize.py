"""Who may do what: the one authorizer for every door (comment, button, page, command line, API; attack case 71).

A command needs write permission on the config repository, GitHub's own word for people who may merge. Where the rules
name roles for it (`commands.override: [sre]`), it needs one of those as well. `permissions_table` is what comes of it,
written down and tested cell by cell (attack case 67).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.model.facts import Actor, Unknown
from bot.model.policy_after import Commands

MAY_WRITE = frozenset({"admin", "maintain", "write"})
"""GitHub's permissions that include writing:
https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user"""

FREE = frozenset({"help"})
"""Commands that change nothing and cost nothing."""

APPROVING = frozenset({"approve"})
"""Commands that are a judgement on somebody else's work."""

_SAME_ROLES = {"unhold": "hold", "veto": "rollback", "false-positive": "decide"}
"""Commands that go by the roles of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The answer; `reason` says who may, when the answer is no."""

    allowed: bool
    reason: str
    unverified: bool = False
    """No, because something could not be read: asking again later may give another answer (attack case 60)."""


def authorize(
    command: str,
    actor: Actor,
    permission: str | Unknown,
    *,
    commands: Commands | None = None,
    environment: str | None = None,
    roles: Mapping[str, bool | Unknown] | None = None,
    contributed: str | None = None,
) -> Permit:
    """May `actor`, whose effective permission on the config repository is `permission`, use `command`?

    `command` is its first word without the slash (`decide` for a decision on an incident). `commands` are those of the
    rules, None where there are none. `environment` is the one it would act on, None where it acts on all or none.
    `roles` tells which of the rules' roles the actor fills, as `approvals.roles_of` does; one that is not in it is
    unknown, and unknown never allows. `contributed` is a sentence why the actor may not judge this pull request, as
    `approvals.contributed` gives it.
    """
    login = actor.login
    if actor.is_bot:
        return _no("Bots cannot give commands; a person with write permission can.")
    if command in FREE:
        return Permit(allowed=True, reason=f"anybody may use `/{command}`")
    if isinstance(permission, Unknown):
        why = f"Cannot verify the permission of {login}: {permission.why}. Try again later."
        return _no(why, unverified=True)
    if permission not in MAY_WRITE:
        return _no(
            f"`/{command}` needs write permission on this repository, and {login} has {permission or 'none'}. "
            "Ask somebody who has it."
        )
    if command in APPROVING and contributed is not None:
        return _no(f"{contributed}. Ask somebody else who may approve.")
    needed = roles_needed(command, commands, environment)
    if not needed:
        return Permit(allowed=True, reason=f"{login} has {permission} permission")
    return _by_role(command, login, needed, roles or {}, environment)


def roles_needed(command: str, commands: Commands | None, environment: str | None) -> tuple[str, ...]:
    """The roles that the rules name for a command in an environment; empty: write permission is enough.

    What `commands.environments` says about the environment takes the place of what is said for all of them; where a
    command acts on no single environment, or the rules cannot name roles for it, the general word counts.
    """
    if commands is None:
        return ()
    name = _SAME_ROLES.get(command, command)
    special = commands.environments.get(environment, {}) if environment is not None else {}
    if name in special:
        return special[name]
    return general_roles(commands).get(name, ())


def general_roles(commands: Commands) -> Mapping[str, tuple[str, ...]]:
    """Command to the roles that the rules name for it in every environment."""
    return {
        "promote": commands.promote,
        "override": commands.override,
        "rollback": commands.rollback,
        "hotfix": commands.hotfix,
        "hold": commands.hold,
        "sync": commands.sync,
        "decide": commands.decide,
    }


def _by_role(
    command: str,
    login: str,
    needed: tuple[str, ...],
    roles: Mapping[str, bool | Unknown],
    environment: str | None,
) -> Permit:
    answers = {name: roles.get(name, Unknown(why="it was not read")) for name in needed}
    filled = next((name for name, answer in answers.items() if answer is True), None)
    if filled is not None:
        return Permit(allowed=True, reason=f"{login} is in the role {filled}")
    for name, answer in answers.items():
        if isinstance(answer, Unknown):
            why = f"Cannot verify that {login} is in the role {name}: {answer.why}. Try again later."
            return _no(why, unverified=True)
    where = f" in {environment}" if environment is not None else ""
    listed = " or ".join(needed)
    return _no(
        f"`/{command}`{where} is for the role {listed}, and {login} is not in it. Ask somebody who is."
    )


def _no(reason: str, *, unverified: bool = False) -> Permit:
    return Permit(allowed=False, reason=reason, unverified=unverified)
