"""Who may do what: the one authorizer for every door (comment, button, page, command line, API).

Until roles are given to commands in the rules, each command needs write permission on the config repository
(GitHub's own default for people who may merge).
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.model.facts import Actor

MAY_WRITE = frozenset({"admin", "maintain", "write"})
"""GitHub's permissions that include writing:
https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user"""

FREE = frozenset({"help"})
"""Commands that change nothing and cost nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The answer; `reason` says who may, when the answer is no."""

    allowed: bool
    reason: str


def authorize(command: str, actor: Actor, permission: str) -> Permit:
    """May `actor`, whose effective permission on the config repository is `permission`, use `command`?"""
    if actor.is_bot:
        return Permit(allowed=False, reason="Bots cannot give commands; a person with write permission can.")
    if command in FREE or permission in MAY_WRITE:
        return Permit(allowed=True, reason=f"{actor.login} has {permission} permission")
    return Permit(
        allowed=False,
        reason=(
            f"`/{command}` needs write permission on this repository, and {actor.login} has {permission or 'none'}. "
            "Ask somebody who has it."
        ),
    )
