"""The postmortem of a hotfix as people read it: what was hurried, what was skipped for it, what is left to do (R7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.decide import incidents, names
from bot.decide.text import code, defang, truncate
from bot.model.hotfix import Debt, DebtEnd, Hotfix
from bot.model.image import short_digest
from bot.model.issue import Issue

TITLE_LIMIT = 200
SAID = 300
"""Characters of what a gate said, or of a reason, that are shown."""
_TO_DO = (
    "Symptoms: what did users see, and since when?",
    "Cause: what was wrong, and since which release?",
    "The fix is merged back, so that the next ordinary release contains it",
    "A test covers the regression",
    "Follow-up: what would have caught it before, or made the fix less of a hurry?",
)


def key(hotfix_id: int) -> str:
    """The issue's key: one a hotfix."""
    return f"postmortem:{hotfix_id}"


def issue(hotfix: Hotfix, debts: Sequence[Debt], source_url: str) -> Issue:
    """The postmortem's issue. `debts`: all of this hotfix, ended ones too: one a component and environment reached."""
    moves = ", ".join(f"{name} {tag.tag}" for name, tag in sorted(hotfix.components.items()))
    where = ", ".join(dict.fromkeys(f"**{each.environment}** (#{each.pull_number})" for each in debts))
    return Issue(
        key=key(hotfix.id),
        title=truncate(f"Postmortem: hotfix of {moves}", TITLE_LIMIT, "…"),
        facts=incidents.facts(
            f"{', '.join(sorted(hotfix.components))} went as a hotfix to {where}; release {code(hotfix.release_id)}.",
            incidents.timeline(_rows(hotfix, debts)),
            incidents.table(("component", "hotfix", "fix"), _brought(hotfix, source_url)),
            "**Skipped, and owed**\n\n" + "\n".join(skipped(debts)),
        ),
        checklist=_TO_DO,
        labels=(names.POSTMORTEM_LABEL, *(names.environment_label(each.environment) for each in debts[:1])),
    )


def _rows(hotfix: Hotfix, debts: Sequence[Debt]) -> Iterator[tuple[datetime | None, str]]:
    who = f"by {code(hotfix.by.login)}" if hotfix.by else f"because it was built on {code(hotfix.branch)}"
    yield hotfix.declared_at, f"made a hotfix {who}"
    for number in dict.fromkeys(each.pull_number for each in debts):
        first = next(each for each in debts if each.pull_number == number)
        yield first.since, f"#{number} merged into {first.environment}"
    for each in debts:
        if each.end is not None:
            yield each.ended_at, _ended(each)


def _brought(hotfix: Hotfix, source_url: str) -> Iterator[tuple[str, str, str]]:
    for name, tag in sorted(hotfix.components.items()):
        image = f"{code(tag.tag, in_table=True)} {code(short_digest(tag.digest), in_table=True)}"
        yield name, image, f"[{hotfix.fix_sha[:7]}]({source_url}/commit/{hotfix.fix_sha})"


def skipped(debts: Sequence[Debt]) -> list[str]:
    """A line for each gate that did not hold it, by environment."""
    said = {(each.environment, gate): says for each in debts for gate, says in sorted(each.gates.items())}
    lines = [f"- {where}: {code(gate)}: {defang(says, SAID)}" for (where, gate), says in said.items()]
    return lines or ["- no gate had to be skipped"]


def merged(hotfix: Hotfix, environment: str, number: int) -> str:
    """For the pull request: where it is written up, and what has to follow."""
    return (
        f"Merged as a hotfix; the postmortem is #{number}. Next: the fix {hotfix.fix_sha[:7]} has to flow back. Until "
        f"a promotion that contains it is merged, nothing else of {', '.join(sorted(hotfix.components))} goes to "
        f"{environment}; `/status` tells what is owed."
    )


def reached(debt: Debt) -> str:
    """That it has come to an environment, as a comment."""
    return f"{incidents.clock(debt.since)} UTC: #{debt.pull_number} brought it to **{debt.environment}**."


def ended(debt: Debt, end: DebtEnd, because: str, number: int) -> str:
    """How a debt ended, for the issue and for the pull request that ended it."""
    what = f"The hotfix of {debt.component} {debt.tag.tag} in {debt.environment} (#{debt.pull_number})"
    if end is DebtEnd.FLOWED_BACK:
        return f"{what} **has flowed back** with #{number}: nothing is owed for it."
    if end is DebtEnd.ROLLED_BACK:
        return f"{what} was **rolled back** by #{number}: nothing is owed for it."
    return f"{what} was **waived** with #{number}: {defang(because, SAID)}"


def _ended(debt: Debt) -> str:
    by = f" with #{debt.ended_by}" if debt.ended_by else ""
    return f"{debt.component} in {debt.environment}: {debt.end.value if debt.end else ''}{by}"
