"""`lockstep report`: what the ledger comes to in a span of time: promotions, DORA's four, validation (rows P9, C7)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from bot.adapters.store import Store, open_store
from bot.decide.figures import EVENTS, Tally
from bot.decide.figures.summary import page, plain
from bot.decide.figures.tally import REFUSED_RUN

EPILOG = """\b
Examples:
  lockstep report
  lockstep report --since 7d --json | jq .dora.production

Runs where the worker runs, and needs DATABASE_URL alone. Everything is counted from the ledger: what happened before
--since is left out, but explains what ended in time (when a promotion was opened that was merged yesterday).
Exit codes: 0 done; 2 usage; 3 the database did not answer.
"""
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
PAGE = 5_000


class Span(click.ParamType[Any]):
    """Hours, days or weeks: `12h`, `30d`, `4w`."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The span."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", value)
        if found is None:
            self.fail(f"{value!r} is not a span such as 12h, 30d or 4w", param, ctx)
        return int(found.group(1)) * _UNITS[found.group(2)]


@click.command("report", short_help="What the ledger comes to: promotions, DORA, validation.", epilog=EPILOG)
@click.option("--since", "span", type=Span(), default="30d", show_default=True, help="How far back to count.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; times in seconds.")
def report(span: timedelta, as_json: bool) -> None:
    """Count the ledger's rows of a span of time."""
    from bot.settings import database_settings

    with open_store(database_settings()) as store:
        tally = counted(store, datetime.now(UTC) - span)
    figures = plain(tally, span)
    click.echo(json.dumps(figures, indent=2) if as_json else page(figures))


def counted(store: Store, since: datetime) -> Tally:
    """All rows, folded; those before `since` only explain."""
    tally, seq = Tally(since=since), 0
    while True:
        rows = store.ledger.following(seq, EVENTS, REFUSED_RUN, PAGE)
        for row in rows:
            tally.take(row.entry)
            seq = row.seq
        if len(rows) < PAGE:
            return tally
