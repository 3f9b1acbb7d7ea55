"""The answers to `/status` and `/dry-run`: what a promotion waits for, who can act, and what runs where (row P12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.decide.checks import cell, headline, symbol
from bot.decide.hotfix.debts import says
from bot.decide.pull.facts import PullDecision
from bot.decide.text import code, defang
from bot.model.action import MergePull, SetCheck
from bot.model.holds import Hold
from bot.model.hotfix import Debt
from bot.model.release import Promotion
from bot.model.verdict import Outcome, Verdict, Waiting, worst

_SHOWN = 200


def sentence(decision: PullDecision) -> str:
    """One sentence: may it be merged, and if not, what holds it."""
    if not decision.verdicts:
        return "This pull request is not open; there is nothing to decide."
    found = worst(decision.verdicts)
    if found is Outcome.PASS:
        return "Nothing holds it."
    return f"{headline(decision.verdicts)}."


def status(
    decision: PullDecision,
    promotion: Promotion | None,
    boards: Sequence[Mapping[str, Any]],
    holds: Sequence[Hold],
    opened: Sequence[Promotion],
    now: datetime,
    debts: Sequence[Debt] = (),
    bundles: Sequence[str] = (),
) -> str:
    """The answer to `/status` as Markdown. `boards`: what the environments' looks wrote down, in any order; `debts`:
    those in force; `bundles`: lines about alert bundles that lag behind."""
    parts = [_promotion(decision, promotion), *_awaited(decision.verdicts), *_set_aside(decision)]
    parts += _running(boards, opened)
    newest = max((str(each.get("taken_at")) for each in boards), default=None)
    if newest is not None:
        parts += ["", f"Environments as read {_ago(newest, now)}."]
    parts += ["", *(_held(hold) for hold in holds)] if holds else []
    parts += ["", *(f"- {says(debt)}" for debt in debts)] if debts else []
    parts += ["", *bundles] if bundles else []
    return "\n".join(["", *parts])


def dry_run(decision: PullDecision, promotion: Promotion | None) -> str:
    """What would be done now, a line each."""
    if promotion is None:
        return "Nothing would be done: this is no promotion of Lockstep's."
    if not decision.verdicts:
        return (
            "Nothing would be done here: this pull request is closed. What `/promote` would open, "
            f"`lockstep promote --from {promotion.environment} --to <environment> --dry-run` tells."
        )
    merge = next((each for each in decision.actions if isinstance(each, MergePull)), None)
    lines = [
        f"- `{each.check.name}` would become {each.check.conclusion or each.check.status}: {cell(each.check.title)}"
        for each in decision.actions
        if isinstance(each, SetCheck)
    ]
    if merge is not None:
        lines.append(f"- it would be merged ({merge.method}) at {merge.expected_head[:7]}")
    else:
        lines.append(f"- it would not be merged: {sentence(decision)}")
    return "\n".join(["Dry run; nothing was done for it. Now:", "", *lines])


def _promotion(decision: PullDecision, promotion: Promotion | None) -> str:
    if promotion is None:
        return f"**No promotion of Lockstep's.** {sentence(decision)}"
    moves = ", ".join(f"{name} {tag.tag}" for name, tag in sorted(promotion.components.items()))
    return f"**{moves} to {promotion.environment}**, {promotion.state.value}. {sentence(decision)}"


def _awaited(verdicts: Sequence[Verdict]) -> list[str]:
    open_ = [each for each in verdicts if each.outcome not in (Outcome.PASS, Outcome.SKIP)]
    if not open_:
        return []
    rows = ["", "| | question | answer | who can act |", "|---|---|---|---|"]
    rows += [f"| {symbol(v)} | {v.gate} | {cell(v.headline)} | {_who(v)} |" for v in open_]
    reasons = [f"- **{v.gate}**: {reason}" for v in open_ for reason in v.reasons]
    return [*rows, *([""] if reasons else []), *reasons]


def _who(verdict: Verdict) -> str:
    if verdict.outcome is Outcome.WAIT:
        return "a person" if verdict.waiting is Waiting.PERSON else "nobody; it ends by itself"
    return "who answers for it; then `/retry`"


def _set_aside(decision: PullDecision) -> list[str]:
    lines = [
        f"- {code(each.gate)} is set aside by {each.by.login} until {each.expires_at.astimezone(UTC):%H:%M} UTC: "
        f"{defang(each.reason, _SHOWN)}"
        for each in decision.overrides
    ]
    return ["", *lines] if lines else []


def _running(boards: Sequence[Mapping[str, Any]], opened: Sequence[Promotion]) -> list[str]:
    newest = max(boards, key=lambda each: str(each.get("taken_at")), default=None)
    if newest is None or not newest.get("environments"):
        return []
    rows = ["", "| environment | runs | open |", "|---|---|---|"]
    for each in newest["environments"]:
        name = str(each["name"])
        runs = ", ".join(f"{part} {_image(at)}" for part, at in sorted(each["components"].items()))
        pulls = ", ".join(f"#{one.pull_number}" for one in opened if one.environment == name)
        rows.append(f"| {name} | {cell(str(each['problem'] or runs or '–'))} | {pulls or '–'} |")
    return rows


def _image(at: Mapping[str, Any]) -> str:
    digest = str(at.get("digest") or "")
    return f"{at.get('tag') or '?'} `{digest[7:19]}`" if digest else str(at.get("tag") or "?")


def _held(hold: Hold) -> str:
    what = code(hold.environment) if hold.environment else f"#{hold.pull}"
    why = f": {defang(hold.reason, _SHOWN)}" if hold.reason else ""
    return f"- {what} is held by {hold.by.login} since {hold.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC{why}"


def _ago(moment: str, now: datetime) -> str:
    seconds = max(int((now - datetime.fromisoformat(moment)).total_seconds()), 0)
    return "just now" if seconds < 60 else f"{seconds // 60} minutes ago"
