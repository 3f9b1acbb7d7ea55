"""The words of a rollback's pull request: title, body, commit message. Pure builders, the same for the same facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.decide.content import Move
from bot.decide.incidents import clock
from bot.decide.text import code, defang, plain, truncate
from bot.decide.wording import BODY_LIMIT, TITLE_NAMES
from bot.model.image import short_digest
from bot.model.policy import Environment, MergeRule
from bot.model.rollback import GOAL, RollbackRecord

REASON = 500
"""Characters of a reason that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Everything that title, body and commit message tell."""

    environment: str
    record: RollbackRecord
    undoes: int
    merge_sha: str
    config_url: str
    moves: tuple[Move, ...]
    left_out: Mapping[str, str]
    release_ids: tuple[str, ...]


def title(telling: Telling) -> str:
    """`Roll back api to 1.7.2 in production`; many components are counted."""
    names = [f"{name} to {move.after.tag}" for name, move in sorted(_each(telling).items())]
    if len(names) > TITLE_NAMES:
        names = [*names[: TITLE_NAMES - 1], f"{len(names) - TITLE_NAMES + 1} more"]
    return truncate(f"Roll back {', '.join(names)} in {telling.environment}", 250, "…")


def commit_message(telling: Telling) -> str:
    """Title, the commit that is reverted, the reason, moves, and trailers that tools read."""
    ask = telling.record.ask
    lines = [
        f"{name}: {move.before.tag or ''} {move.before.digest} -> {move.after.tag} {move.after.digest}"
        for name, move in sorted(_each(telling).items())
    ]
    who = f"@{ask.by.login} ({ask.by.id})" if ask.by else "lockstep"
    return "\n".join(
        [
            title(telling),
            "",
            f"This reverts commit {telling.merge_sha}.",
            "",
            f"Reason: {plain(ask.reason, REASON)}",
            *lines,
            "",
            *(f"Release: {each}" for each in telling.release_ids),
            f"Rolls-Back: #{telling.undoes}",
            f"Requested-By: {who}",
            "",
        ]
    )


def body(telling: Telling) -> str:
    """What goes back to what, why, what is found, what is left out, and the clock."""
    ask = telling.record.ask
    rows = ["| component | runs now | goes back to |", "|---|---|---|"]
    for name, move in sorted(_each(telling).items()):
        now = " ".join(
            code(part, in_table=True)
            for part in (move.before.tag, short_digest(move.before.digest or ""))
            if part
        )
        then = f"{code(move.after.tag, in_table=True)} {code(short_digest(move.after.digest), in_table=True)}"
        rows.append(f"| **{name}** | {now} | {then} |")
    sha = telling.merge_sha
    who = f"asked for by {code(ask.by.login)}" if ask.by else f"automatic ({ask.trigger.replace('_', ' ')})"
    parts = [
        f"Goes back in **{telling.environment}**: undoes #{telling.undoes} "
        f"([{sha[:7]}]({telling.config_url}/commit/{sha})). Nothing is rebuilt; these digests ran there before.",
        "\n".join(rows),
        f"**Why** ({who}): {defang(ask.reason, REASON)}",
    ]
    if ask.findings:
        parts.append("**Findings**\n\n" + "\n".join(f"- {defang(each, 300)}" for each in ask.findings))
    if telling.left_out:
        parts.append("**Stays as it is**\n\n" + "\n".join(f"- {each}." for each in telling.left_out.values()))
    parts += [_clock(telling), _rails(telling), _digests(telling)]
    return truncate("\n\n".join(parts), BODY_LIMIT, "\n\n… (shortened)")


def answer(telling_title: str, number: int) -> str:
    """What whoever asked is told."""
    return f"#{number}: {telling_title}"


def next_step(environment: Environment) -> str:
    """Who must do what before it is merged, by the environment's merge rules as a rollback meets them."""
    rules, given = environment.merge, environment.rollback.approvals
    approvals = environment.approvals if given is None else given
    people = " and ".join(f"{each.count} of {each.role}" for each in approvals)
    if not people and rules is not MergeRule.AUTO:
        people = "a person who may write"
    yes = f"the approval of {people}, then " if people else ""
    merge = "a person merges it on GitHub" if rules is MergeRule.MANUAL else "Lockstep merges it"
    return f"Next: {yes}{merge} once its checks are green."


def _clock(telling: Telling) -> str:
    began = f" Failing since {clock(telling.record.ask.since)} UTC." if telling.record.ask.since else ""
    return (
        f"**Clock**: asked for at {clock(telling.record.ask.asked_at)} UTC.{began} From the merge "
        f"to healthy it should take at most {GOAL.total_seconds() / 60:.0f} minutes; how long it took is told here."
    )


def _rails(telling: Telling) -> str:
    names = list(_each(telling))
    lift = f"/veto lift {names[0] if len(names) == 1 else '<component>'} reason: <words>"
    return (
        f"What runs now is **vetoed** (nothing proposes it again until {code(lift)}) and "
        f"{telling.environment} is on **hold** for promotions until `/unhold {telling.environment}`. "
        "The environment's merge rules and the guards hold here too; soak, tests, findings and measured gates are not "
        "asked again, and a freeze does not keep a rollback out."
    )


def _digests(telling: Telling) -> str:
    lines = [
        f"- {move.component} in {code(move.file)}: "
        f"{code(move.before.digest or 'no digest')} → {code(move.after.digest)}"
        for move in telling.moves
    ]
    return "<details><summary>Full digests and files</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _each(telling: Telling) -> dict[str, Move]:
    found: dict[str, Move] = {}
    for move in telling.moves:
        found.setdefault(move.component, move)
    return found
