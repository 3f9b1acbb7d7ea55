"""Did the named check of the source commit pass? Shared by the gates that look at somebody else's check.

A check counts only from the app that the rules name; without one, from any app but Lockstep (attack case 73). GitHub
lets `neutral` and `skipped` count as passing; here they do not, because nothing was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.decide.text import plain
from bot.model.facts import Check, CheckState, Unknown
from bot.model.verdict import Evidence, Outcome

_WHY_LIMIT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One suite's or check's outcome; `says` is the rest of a sentence that begins with its name."""

    name: str
    outcome: Outcome
    says: str
    evidence: Evidence
    reasons: tuple[str, ...] = ()
    """Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """The checks and statuses of the source commit as they are now, and who Lockstep is among the apps."""

    found: Sequence[Check] | Unknown
    commit: str
    own_app: int


def named_check(name: str, check: str, app: int | None, checks: Checks) -> Answer:
    """The answer of check run `check` on the commit, for the suite `name`."""

    def counts(each: Check) -> bool:
        fitting = each.app_id == app if app is not None else each.app_id not in (None, checks.own_app)
        return each.name == check and fitting

    by = f" by the app {app}" if app is not None else ""
    strangers = [] if isinstance(checks.found, Unknown) else [x for x in checks.found if x.name == check]
    spoofed = "; one of that name is there, but made by somebody else" if strangers else ""
    missing = f"has no check run named {check}{by} on {checks.commit[:7]}{spoofed}"
    return _settled(name, f"check run {check}{by}", counts, missing, checks)


def named_status(name: str, context: str, checks: Checks) -> Answer:
    """The answer of the commit status `context` on the commit, for the suite `name`."""
    missing = f"has no commit status {context} on {checks.commit[:7]}"
    return _settled(
        name,
        f"commit status {context}",
        lambda each: each.name == context and each.app_id is None,
        missing,
        checks,
    )


def unreadable(name: str, what: str, why: str) -> Answer:
    """The answer when a fact could not be read; `what` names it for the evidence."""
    says = f"could not be read: {plain(why, _WHY_LIMIT)}"
    return Answer(
        name=name,
        outcome=Outcome.UNKNOWN,
        says=says,
        evidence=Evidence(measured="unknown", needed="success", source=what),
    )


def _settled(name: str, what: str, counts: Callable[[Check], bool], missing: str, checks: Checks) -> Answer:
    """All that count must have succeeded: two of one name could be two apps, and either could be the real one."""
    source = f"{what} on {checks.commit[:7]}"
    if isinstance(checks.found, Unknown):
        return unreadable(name, source, checks.found.why)
    fitting = [each for each in checks.found if counts(each)]
    if not fitting:
        nothing = Evidence(measured="none", needed="success", source=source)
        return Answer(name=name, outcome=Outcome.UNKNOWN, says=missing, evidence=nothing)
    outcome, says, decisive = max((_judged(each) for each in fitting), key=lambda judged: _RANK[judged[0]])
    evidence = Evidence(
        measured=plain(decisive.conclusion, 40) or decisive.state.value,
        needed="success",
        source=source,
        url=decisive.url or None,
    )
    return Answer(name=name, outcome=outcome, says=says, evidence=evidence)


_RANK = {Outcome.PASS: 0, Outcome.WAIT: 1, Outcome.BLOCK: 2}


def _judged(check: Check) -> tuple[Outcome, str, Check]:
    conclusion = plain(check.conclusion, 40)
    if check.state is CheckState.PENDING:
        return Outcome.WAIT, "is still running", check
    if check.state is CheckState.FAILURE:
        told = f" ({conclusion})" if conclusion not in ("", "failure") else ""
        return Outcome.BLOCK, f"failed{told}", check
    if check.conclusion not in ("", "success"):
        return Outcome.BLOCK, f"ended as {conclusion}, which is not a pass", check
    return Outcome.PASS, "passed", check
