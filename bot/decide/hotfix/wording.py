"""What a hotfix's pull request says beside what moves: who is on call, what it may skip, what it waits for (row R7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.decide.text import code, defang
from bot.model.hotfix import Hotfix
from bot.model.policy import Environment
from bot.model.policy_gates import Role


def oncall(environment: Environment, roles: Mapping[str, Role]) -> tuple[str, ...]:
    """Whom the rules page: `@org/team` and `@login`, live mentions, because reaching them is what they are for."""
    role = roles.get(environment.hotfix.role or "")
    if role is None:
        return ()
    return tuple(f"@{each}" for each in (*role.teams, *role.users))


def about(
    environment: Environment,
    roles: Mapping[str, Role],
    hotfixes: Sequence[Hotfix],
    rivals: Mapping[str, int],
    commits: int,
) -> str:
    """The part of the body that only a hotfix has. `rivals`: component to the ordinary pull request that waits."""
    lines = [f"**Hotfix** to {environment.name}: {_said(hotfixes)}."]
    called = oncall(environment, roles)
    if called:
        lines.append(f"**On call** ({code(environment.hotfix.role or '')}): {', '.join(called)}")
    if commits > 1:
        lines.append(
            f"It brings **{commits} commits** beside what runs in {environment.name}; all of them skip the way before. "
            "Look whether they are the fix and nothing more."
        )
    gates = ", ".join(f"`{each}`" for each in environment.hotfix.skip_gates)
    skip = (
        f"These gates do not hold it: {gates}. What they say is **skipped debt**, shown in the check run. "
        if gates
        else ""
    )
    lines.append(
        f"{skip}Until the fix has flowed back, nothing else of {', '.join(_components(hotfixes)) or 'it'} is promoted "
        f"to {environment.name} that does not contain it."
    )
    if environment.hotfix.confirm:
        lines.append(
            "Beside the approvals it waits for a person's confirmation: `/sync`, or *Confirm* on the check run."
        )
    if rivals:
        numbers = ", ".join(f"#{number}" for number in sorted(set(rivals.values())))
        lines.append(f"It goes before {numbers}, which waits for it.")
    return "\n\n".join(f"> {each}" for each in lines)


def _components(hotfixes: Sequence[Hotfix]) -> list[str]:
    return sorted({name for each in hotfixes for name in each.components})


def _said(hotfixes: Sequence[Hotfix]) -> str:
    found = []
    for each in hotfixes:
        if each.by is None:
            found.append(f"built on {code(each.branch)}")
        else:
            found.append(f"{code(each.by.login)} made it one of {code(each.release_id)}")
    return "; ".join(dict.fromkeys(found)) or defang("by the rules", 40)
