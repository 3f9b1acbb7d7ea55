"""What is asked of people before content may go somewhere, as the rules and CODEOWNERS put it (rows P3, R4, R8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.model.approval_facts import RequiredOwners
from bot.model.facts import Unknown
from bot.model.policy import Environment, MergeRule, Policy
from bot.model.policy_gates import Approval, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What an environment asks of people. For a revert or a hotfix, give the approvals that the rules set for it."""

    environment: str
    approvals: tuple[Approval, ...]
    roles: Mapping[str, Role]
    owners: RequiredOwners | Unknown | None = None
    """None: owners are not asked, as where releases merge by themselves."""
    anybody: bool = False
    """Whether a person must approve even if neither a role nor an owner is demanded (`merge: approved`, row R4)."""
    admin: bool = False
    """Whether an admin of the config repository must approve (row R8)."""


def demand_for(
    policy: Policy,
    environment: Environment,
    owners: RequiredOwners | Unknown | None,
    *,
    rollback: bool = False,
) -> Demand:
    """What a promotion into the environment needs, or with `rollback` a revert there.

    Where releases merge by themselves owners are not asked (row R4), but roles are if the rules name them. Elsewhere
    somebody must approve, even where neither a role nor an owner is named.
    """
    expedited = environment.rollback.approvals if rollback else None
    by_itself = environment.merge is MergeRule.AUTO
    return Demand(
        environment=environment.name,
        approvals=environment.approvals if expedited is None else expedited,
        roles=policy.roles,
        owners=None if by_itself else owners,
        anybody=not by_itself,
    )
