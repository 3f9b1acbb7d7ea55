"""The release log: a file in the config repository with one row for each release that was proven healthy (row R9).

It is written by a pull request of its own that takes in every row that is still missing, so that many releases make one
pull request; merging it deploys nothing, so it begins nothing anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC

from bot.decide.text import code, plain
from bot.model.deployment import Deployment

BRANCH = "lockstep-release-log"
"""Not below `lockstep/`: it is no promotion."""
TITLE = "Keep the release log"
HEAD = """# Release log

What was proven healthy, oldest first. Lockstep adds the rows; edit anything but the links.

| live since | environment | pull request | components |
|---|---|---|---|
"""
MOST = 100
"""Rows in one go."""


def missing(there: str, live: Iterable[Deployment]) -> tuple[Deployment, ...]:
    """Those without a row in the file, oldest first."""
    absent = [each for each in live if each.live_at is not None and _mark(each) not in there]
    return tuple(sorted(absent, key=_order)[-MOST:])


def content(there: str, rows: Sequence[Deployment], url: str) -> str:
    """The file with the rows added at its end; `url` is the config repository's address."""
    body = there if there.strip() else HEAD
    return body + ("" if body.endswith("\n") else "\n") + "".join(f"{_row(each, url)}\n" for each in rows)


def _order(deployment: Deployment) -> tuple[float, int]:
    return (deployment.live_at.timestamp() if deployment.live_at else 0.0, deployment.pull_number)


def _mark(deployment: Deployment) -> str:
    """What tells that a deployment has its row: the environment's cell with the link's beginning."""
    return f"| {code(deployment.environment, in_table=True)} | [#{deployment.pull_number}]("


def _row(deployment: Deployment, url: str) -> str:
    at = deployment.live_at.astimezone(UTC) if deployment.live_at else None
    named = ", ".join(
        f"{code(name, in_table=True)} {code(move.after.tag, in_table=True)} {code(move.after.digest, in_table=True)}"
        for name, move in sorted(deployment.components.items())
    )
    link = f"{_mark(deployment)}{url}/pull/{deployment.pull_number})"
    return f"| {at:%Y-%m-%d %H:%M} UTC {link} | {named} |"


def line(deployment: Deployment) -> str:
    """What is added, for the pull request's body."""
    return f"#{deployment.pull_number} live in {plain(deployment.environment, 80)}"


def body(lines: Sequence[str]) -> str:
    """The pull request's body."""
    return (
        f"Adds what has happened since the logs were last merged: {'; '.join(lines)}.\n\n"
        "Merge it whenever it suits: until then whatever follows is added here, and merging it deploys nothing."
    )
