"""How each command is written and what it does: the single source of `/help`, of refusals and of the README."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One way to use a command. `name` is its first word without the slash."""

    name: str
    syntax: str
    does: str


USAGE = (
    Usage(
        name="promote",
        syntax="/promote [environment] [component…]",
        does="opens the next environment's pull request, or says why it cannot",
    ),
    Usage(
        name="override",
        syntax="/override [gate] reason: <words>",
        does="sets a failing gate aside for this head commit, for a while; not `approvals`, not `guards`",
    ),
    Usage(name="override", syntax="/override cancel [gate]", does="takes an override back"),
    Usage(
        name="rollback",
        syntax="/rollback [component…] [to:<tag, digest, commit or #promotion>] reason: <words>",
        does="opens the pull request that goes back to the last good release, or to the named one",
    ),
    Usage(
        name="veto",
        syntax="/veto lift <component> [<tag or digest>] reason: <words>",
        does="lets a release that was rolled back be proposed again",
    ),
    Usage(
        name="hotfix",
        syntax="/hotfix [environment]",
        does="treats this release as a hotfix",
    ),
    Usage(
        name="hold",
        syntax="/hold [environment] [reason: <words>]",
        does="keeps this pull request, or the named environment, where it is",
    ),
    Usage(name="unhold", syntax="/unhold [environment]", does="lets it move again"),
    Usage(
        name="approve",
        syntax="/approve",
        does="approves this head commit, the same as an approving review",
    ),
    Usage(name="approve", syntax="/approve cancel", does="takes your approval back"),
    Usage(name="ack", syntax="/ack", does="on an incident: tells that somebody is on it"),
    Usage(
        name="decide",
        syntax="/decide <rollback, fix-forward or accept> reason: <words>",
        does="on an incident: records what is done about it, and asks for the rollback",
    ),
    Usage(
        name="override",
        syntax="/override validation reason: <words>",
        does="on an incident: lets deployments pass a failed production validation, for a while",
    ),
    Usage(
        name="false-positive",
        syntax="/false-positive reason: <words>",
        does="on an incident: records that only the validation was wrong; the gate stays as it is",
    ),
    Usage(name="sync", syntax="/sync", does="asks Argo CD to sync what was merged, where it waits for a yes"),
    Usage(name="retry", syntax="/retry", does="looks at everything again, and tries again what failed"),
    Usage(name="status", syntax="/status", does="tells what is awaited, from whom, and what runs where"),
    Usage(name="dry-run", syntax="/dry-run", does="tells what would be done now, and does nothing"),
    Usage(name="help", syntax="/help", does="shows this table"),
)

NAMES = frozenset(usage.name for usage in USAGE)


def syntax(name: str) -> str:
    """How the command is written, all its forms in one line."""
    return " or ".join(usage.syntax for usage in USAGE if usage.name == name)


def table() -> str:
    """All commands as a Markdown table."""
    rows = [f"| `{usage.syntax}` | {usage.does} |" for usage in USAGE]
    return "\n".join(["| command | does |", "|---|---|", *rows])
