"""Verdicts as check runs: the one to require and its detail runs, and which of them GitHub does not show yet.

GitHub counts `neutral` and `skipped` as passing, so the summary never uses them: unknown is `failure`.
https://docs.github.com/rest/checks/runs#create-a-check-run
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot.decide.commands.values import Command, Hold, HowToOverride, Retry, Sync, Unhold
from bot.decide.names import detail_check, summary_check
from bot.decide.text import defang, fit
from bot.model.action import Button, CheckRun, SetCheck
from bot.model.facts import OwnCheck
from bot.model.verdict import Evidence, Outcome, Verdict, Waiting, worst

TITLE_LIMIT = 250
SUMMARY_LIMIT = 60_000
"""Bytes, both below what GitHub takes: https://docs.github.com/rest/checks/runs#create-a-check-run"""
MARK = "\n\n… (shortened)"
MOST_ANNOTATIONS = 1000
"""Twenty requests; what is more is counted in the summary. Nobody reads ten thousand lines (attack case 75)."""
UNFINISHED = timedelta(days=13)
"""GitHub marks a run that is unfinished for 14 days as stale, which nobody sees as waiting:
https://docs.github.com/en/rest/checks/runs"""

_READ_AT = re.compile(r"(<!-- at -->)[^<]*(<!-- /at -->)")
"""Marks the time at which a value was read, with its link. Other people's words hold no mark: `defang` escapes `<`."""
_LINK = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&*+,;=%-]{1,2000}", re.ASCII)
"""An address that cannot break out of a Markdown link or a table's cell."""

SYMBOL = {
    Outcome.PASS: "✅",
    Outcome.WAIT: "⏳",
    Outcome.BLOCK: "❌",
    Outcome.SKIP: "➖",
    Outcome.UNKNOWN: "❓",
}
"""What stands before a verdict's answer."""
SET_ASIDE = "⚠️"


def symbol(verdict: Verdict) -> str:
    """What stands before a verdict; one that an override lets pass does not look like one that is true."""
    return SET_ASIDE if verdict.set_aside else SYMBOL[verdict.outcome]


RECHECK, OVERRIDE, HOLD, UNHOLD, CONFIRM = "recheck", "override", "hold", "unhold", "confirm"
"""What GitHub sends back of a pressed button; at most 20 characters."""


_SYNC = re.compile(r"sync:([1-9][0-9]{0,9})", re.ASCII)


def sync_button(number: int) -> Button:
    """The button on a merged pull request's deployment. It carries the number, as GitHub names no pull request with
    a check run whose pull request is not open any more."""
    return Button(
        label="Sync", description="Bring it to the cluster, as /sync does.", identifier=f"sync:{number}"
    )


def synced_pull(identifier: str) -> int | None:
    """The pull request that a pressed sync button belongs to; None: it is another button."""
    found = _SYNC.fullmatch(identifier)
    return int(found[1]) if found else None


def pressed(identifier: str) -> Command | None:
    """The command that a button of a check run stands for; None: it is no button of ours."""
    if identifier == RECHECK:
        return Retry(name="retry", raw="", line=0)
    if identifier == OVERRIDE:
        return HowToOverride(name="override", raw="", line=0)
    if identifier == HOLD:
        return Hold(name="hold", raw="", line=0, environment=None, reason=None)
    if identifier == CONFIRM or synced_pull(identifier) is not None:
        return Sync(name="sync", raw="", line=0)
    if identifier == UNHOLD:
        return Unhold(name="unhold", raw="", line=0, environment=None)
    return None


def buttons(*, overridable: bool, held: bool, confirmable: bool = False) -> tuple[Button, ...]:
    """The buttons of a promotion's summary run; GitHub shows at most three. `confirmable`: a hotfix that waits for a
    person's yes; where there is no room for *Re-check* beside that, GitHub's own *Re-run* does the same.

    https://docs.github.com/rest/checks/runs#create-a-check-run (`actions`)
    """
    yes = Button(label="Confirm", description="Let this hotfix go, as /sync does.", identifier=CONFIRM)
    again = Button(label="Re-check", description="Read everything again and judge anew.", identifier=RECHECK)
    aside = Button(label="Override…", description="How to set a failing gate aside.", identifier=OVERRIDE)
    stop = Button(label="Hold", description="Keep this pull request unmerged.", identifier=HOLD)
    go = Button(label="Unhold", description="Let this pull request move again.", identifier=UNHOLD)
    found = [yes] if confirmable else [again]
    if overridable or confirmable:
        found.append(aside if overridable else again)
    return (*found, go if held else stop)


def shown(verdicts: Sequence[Verdict]) -> tuple[str, str | None]:
    """Status and conclusion of a check run that sums up `verdicts` (the table in the README, "Outcomes")."""
    outcome = worst(verdicts)
    if outcome is Outcome.PASS:
        return "completed", "success"
    if outcome is not Outcome.WAIT:
        return "completed", "failure"
    waiting = [verdict for verdict in verdicts if verdict.outcome is Outcome.WAIT]
    if any(verdict.waiting is Waiting.MACHINE for verdict in waiting):
        return "in_progress", None
    return "completed", "action_required"


def check_runs(
    base_ref: str,
    head_sha: str,
    verdicts: Sequence[Verdict],
    details: Sequence[str],
    groups: Mapping[str, Sequence[Verdict]] = MappingProxyType({}),
    actions: tuple[Button, ...] = (),
) -> tuple[CheckRun, ...]:
    """The summary run, a detail run for each verdict whose gate is named in `details`, and one for each of `groups`,
    by the detail's name. `actions` are the summary's buttons."""
    runs = [
        _check(detail_check(base_ref, verdict.gate), head_sha, [verdict], verdict.headline)
        for verdict in verdicts
        if verdict.gate in details
    ]
    runs += [
        _check(detail_check(base_ref, name), head_sha, group, headline(group))
        for name, group in groups.items()
    ]
    summary = _check(summary_check(base_ref), head_sha, verdicts, headline(verdicts))
    return (*runs, replace(summary, actions=actions))


def changes(
    wanted: Sequence[CheckRun],
    posted: Sequence[OwnCheck],
    because: str,
    *,
    now: datetime | None = None,
    anew: bool = False,
) -> tuple[SetCheck, ...]:
    """What must be posted for GitHub to show `wanted`; runs that stand as they should are left alone.

    `now`: runs that are unfinished for so long that GitHub is about to call them stale are posted again (attack case
    75). `anew`: what is posted becomes a run of its own, newer than what anybody else has posted (attack case 73).
    """
    found: list[SetCheck] = []
    for check in wanted:
        existing = next((own for own in posted if own.name == check.name), None)
        old = existing is not None and now is not None and _grows_stale(existing, now)
        if existing is not None and not old and _stands(check, existing):
            continue
        again = None if anew or old else _reusable(check, existing)
        found.append(SetCheck(because=because, check=check, existing=again))
    return tuple(found)


def _grows_stale(own: OwnCheck, now: datetime) -> bool:
    return own.status != "completed" and own.started_at is not None and now - own.started_at > UNFINISHED


def _stands(check: CheckRun, own: OwnCheck) -> bool:
    """Whether it shows the same. That a value was read again at another time alone is no news."""
    return (own.status, own.conclusion, own.title, _timeless(own.summary)) == (
        check.status,
        check.conclusion,
        check.title,
        _timeless(check.summary),
    )


def _timeless(summary: str) -> str:
    return _READ_AT.sub(r"\1\2", summary).strip()


def _reusable(check: CheckRun, existing: OwnCheck | None) -> str | None:
    """GitHub cannot take a completed run back to `in_progress`; then a new run takes its place."""
    if existing is None or (existing.status == "completed" and check.status != "completed"):
        return None
    return existing.id


def _check(name: str, head_sha: str, verdicts: Sequence[Verdict], headline: str) -> CheckRun:
    status, conclusion = shown(verdicts)
    notes = tuple(note for verdict in verdicts for note in verdict.annotations)
    more = len(notes) - MOST_ANNOTATIONS
    counted = f"\n\n… and {more} more lines, which are not shown one by one" if more > 0 else ""
    return CheckRun(
        name=name,
        head_sha=head_sha,
        status=status,
        conclusion=conclusion,
        title=fit(" ".join(headline.split()), TITLE_LIMIT, "…"),
        summary=fit(_summary(verdicts), SUMMARY_LIMIT, MARK) + counted,
        annotations=notes[:MOST_ANNOTATIONS],
    )


def headline(verdicts: Sequence[Verdict]) -> str:
    """The sentence of the verdict that decides; of the others only their number."""
    outcome = worst(verdicts)
    deciding = [verdict for verdict in verdicts if verdict.outcome is outcome]
    if not deciding:
        return "Nothing was evaluated"
    first = deciding[0].headline
    if outcome is Outcome.PASS:
        return first if len(deciding) == 1 else f"All {len(deciding)} questions answered with yes"
    return first if len(deciding) == 1 else f"{first} (and {len(deciding) - 1} more)"


def _summary(verdicts: Sequence[Verdict]) -> str:
    rows = ["| | question | answer |", "|---|---|---|"]
    rows += [f"| {symbol(v)} | {v.gate} | {cell(v.headline)} |" for v in verdicts]
    reasons = [f"- **{v.gate}**: {reason}" for v in verdicts for reason in v.reasons]
    evidence = [_row(v, each) for v in verdicts for each in v.evidence]
    head = (
        ["| | gate | measured | needed | source | read at |", "|---|---|---|---|---|---|"] if evidence else []
    )
    return "\n".join([*rows, "", *reasons, "", *head, *evidence]).strip()


def _row(verdict: Verdict, evidence: Evidence) -> str:
    source = defang(evidence.source, 120)
    read = f"{evidence.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if evidence.at else ""
    url = evidence.url or ""
    if _LINK.fullmatch(url):
        # The address of a measurement holds its moment; beside the time it is as little news as the time itself.
        source, read = (source, f"[{read}]({url})") if read else (f"[{source}]({url})", read)
    cells = (verdict.gate, defang(evidence.measured, 200), defang(evidence.needed, 120), source)
    return f"| {symbol(verdict)} | {' | '.join(cells)} | <!-- at -->{read}<!-- /at --> |"


def cell(text: str) -> str:
    """A text in a table's cell."""
    return text.replace("|", "\\|").replace("\n", " ")
