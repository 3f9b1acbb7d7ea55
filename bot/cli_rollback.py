"""`lockstep rollback`: asks for a rollback by the same way through as `/rollback` (row R6)."""

from __future__ import annotations

import json
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot import cli_asking as asked
from bot.errors import Retryable

if TYPE_CHECKING:
    from bot.model.rollback import RollbackRecord
    from bot.run.commands.rollback_asked import RollbackWish
    from bot.wiring import Works

EPILOG = """\b
Examples:
  GITHUB_TOKEN=… lockstep rollback --environment production --reason "checkout fails since 14:02"
  GITHUB_TOKEN=… lockstep rollback --environment production api --to 1.7.2 --reason "INC-42" --wait merged

Who asks is the person whose token is given (GITHUB_TOKEN or --token-file), and needs what `/rollback` needs. A worker
opens the pull request; without --to it undoes the newest promotion that stands there.

\b
Exit codes: 0 done; 1 the answer is no; 2 usage or configuration; 3 something outside (GitHub, the database, a worker)
did not answer.
"""
PAUSE = 0.5
"""Seconds between two looks at the database."""


@click.command("rollback", short_help="Ask for the pull request that goes back.", epilog=EPILOG)
@click.option("--environment", required=True, metavar="ENV", help="The environment that goes back.")
@click.option(
    "--to",
    "to",
    metavar="TAG|DIGEST|COMMIT|#N",
    help="A release that it ran before. Left out: the last good one.",
)
@click.option("--reason", required=True, metavar="WORDS", help="Why.")
@click.option("--repository", metavar="OWNER/NAME", help="The config repository, if there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--token-file", type=click.Path(path_type=Path), help="A file with your GitHub token (GITHUB_TOKEN)."
)
@click.option(
    "--wait", type=click.Choice(["opened", "merged"]), default="opened", help="Follow it until then."
)
@click.option("--timeout", type=click.IntRange(1), default=600, show_default=True, help="Seconds to wait.")
@click.argument("components", nargs=-1, metavar="[COMPONENT]...")
def rollback(
    environment: str,
    to: str | None,
    reason: str,
    repository: str | None,
    as_json: bool,
    token_file: Path | None,
    wait: str,
    timeout: int,
    components: tuple[str, ...],
) -> None:
    """Open the pull request that takes an environment back to its last good release, or to a named one."""
    from bot.decide.text import has_words, visible
    from bot.run.commands.rollback_asked import RollbackWish, wish_for
    from bot.run.where import config_repository
    from bot.wiring import person

    if not has_words(visible(reason)):
        raise click.UsageError("--reason needs words.")
    token = asked.token(token_file, asked.variables())
    parts = asked.opened()
    try:
        place = config_repository(parts.house, parts.installations(), repository)
        wish = RollbackWish(
            place=place,
            environment=environment,
            components=components,
            to=to,
            reason=visible(reason),
            asker=person(parts.settings, token).who(),
            key=f"terminal:{uuid.uuid4()}",
        )
        found = wish_for(parts.house, wish)
        code = _told(
            found if isinstance(found, str) else _followed(parts, wish, found, wait, timeout), as_json
        )
    finally:
        parts.store.close()
    raise click.exceptions.Exit(code)


def _followed(
    parts: Works, wish: RollbackWish, ids: tuple[int, ...], until: str, timeout: float
) -> list[RollbackRecord]:
    """The records once the worker has dealt with them. Raises Retryable when the time is over."""
    from bot.model.rollback import RollbackState

    waiting = {RollbackState.ASKED} | ({RollbackState.OPEN} if until == "merged" else set())
    end, never = time.monotonic() + timeout, threading.Event()
    while True:
        found = [each for number in ids if (each := parts.store.rollbacks.find(number)) is not None]
        if all(each.state not in waiting for each in found):
            return found
        if time.monotonic() >= end:
            raise Retryable(
                f"The rollback in {wish.environment} was not {until} in time; what was asked stays on record. "
                "Is a worker running?"
            )
        never.wait(PAUSE)


def _told(found: list[RollbackRecord] | str, as_json: bool) -> int:
    from bot.model.rollback import RollbackState

    refused = isinstance(found, str)
    records = [] if isinstance(found, str) else found
    bad = (RollbackState.REFUSED, RollbackState.CLOSED, RollbackState.LOCKED)
    code = 1 if refused or any(each.state in bad for each in records) else 0
    if as_json:
        shown = [
            {
                "state": each.state.value,
                "pull": each.pull_number,
                "undoes": each.undoes,
                "answer": each.answer,
                "to": {name: tag.digest for name, tag in each.after.items()},
            }
            for each in records
        ]
        answer = found if isinstance(found, str) else ""
        click.echo(json.dumps({"ok": code == 0, "answer": answer, "rollbacks": shown}, indent=2))
        return code
    lines = [found] if isinstance(found, str) else [_line(each) for each in records]
    click.echo("\n".join(lines), err=code == 1)
    return code


def _line(record: RollbackRecord) -> str:
    return f"#{record.pull_number}: {record.answer}" if record.pull_number else record.answer
