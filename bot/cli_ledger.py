"""`lockstep ledger`: shows the audit trail, and `verify` computes its chain again (row P11, attack case 98)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import click

from bot.adapters.store import Altered, Head, open_store
from bot.model.ledger import LedgerRow


class Moment(click.ParamType[Any]):
    """An ISO date or time; without an offset it means UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The aware time."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time such as 2026-03-01 or 2026-03-01T12:00:00Z", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Anchor(click.ParamType[Any]):
    """A head as `verify` prints it: NUMBER:HASH."""

    name = "number:hash"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        """The head."""
        if isinstance(value, Head):
            return value
        number, _, digest = value.partition(":")
        try:
            return Head(seq=int(number), hash=bytes.fromhex(digest))
        except ValueError:
            self.fail(f"{value!r} is not a head as `lockstep ledger verify` prints it", param, ctx)


@click.group("ledger", invoke_without_command=True)
@click.option("--since", type=Moment(), help="Rows from this time on, such as 2026-03-01.")
@click.option("--event", help="Rows of one event, such as pull_opened.")
@click.option("--subject", help="Rows of one subject, such as pull:1:2:3.")
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="The newest so many rows."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@click.pass_context
def ledger(
    context: click.Context,
    since: datetime | None,
    event: str | None,
    subject: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show what happened, who did it and why; newest last.

    \b
    Examples:
      lockstep ledger --since 2026-03-01 --event pull_merged
      lockstep ledger --json --limit 1000
      lockstep ledger verify
    """
    if context.invoked_subcommand is not None:
        return
    from bot.settings import database_settings

    with open_store(database_settings()) as store:
        rows = store.ledger.rows(since=since, event=event, subject=subject, limit=limit)
    if as_json:
        click.echo(json.dumps([_as_json(row) for row in rows], indent=2))
        return
    for row in rows:
        click.echo(_line(row))
    if not rows:
        click.echo("No rows.", err=True)


@ledger.command("verify")
@click.option("--anchor", type=Anchor(), help="A head noted before: tells rows that were cut off at the end.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(anchor: Head | None, as_json: bool) -> None:
    """Compute the ledger's chain again and name the first row that was altered or removed.

    Exit code 1 when there is one. Rows cut off at the end are told only with --anchor: keep the head that this
    prints somewhere else.

    \b
    Example:
      lockstep ledger verify --anchor 1042:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    """
    from bot.settings import database_settings

    with open_store(database_settings()) as store:
        result = store.ledger.verify(anchor)
    if isinstance(result, Altered):
        words = f"The ledger was altered at row {result.seq}: {result.why}."
        answer = {"verified": False, "row": result.seq, "why": result.why}
        click.echo(json.dumps(answer) if as_json else words, err=not as_json)
        raise click.exceptions.Exit(1)
    head = f"{result.head.seq}:{result.head.hash.hex()}"
    answer = {"verified": True, "rows": result.head.seq, "head": head}
    click.echo(json.dumps(answer) if as_json else f"{result.head.seq} rows, none altered. Head: {head}")


def _line(row: LedgerRow) -> str:
    entry = row.entry
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    who = entry.actor_login or "lockstep"
    return f"{row.seq:>6}  {at}  {entry.event} {entry.decision}  {who}  {entry.subject or '-'}  {entry.reason}".rstrip()


def _as_json(row: LedgerRow) -> dict[str, Any]:
    entry = row.entry
    return {
        "seq": row.seq,
        "at": entry.at.astimezone(UTC).isoformat(),
        "event": entry.event,
        "decision": entry.decision,
        "reason": entry.reason,
        "actor_id": entry.actor_id,
        "actor_login": entry.actor_login,
        "delivery_id": entry.delivery_id,
        "subject": entry.subject,
        "installation_id": entry.installation_id,
        "repository_id": entry.repository_id,
        "pull_number": entry.pull_number,
        "head_sha": entry.head_sha,
        "details": dict(entry.details),
        "previous_hash": row.previous_hash.hex(),
        "hash": row.hash.hex(),
    }
