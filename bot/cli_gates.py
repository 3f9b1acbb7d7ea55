"""`lockstep gates`: validate only. Measures what the rules demand of a promotion and writes nothing (rows P4, P12)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from bot import cli_asking as asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.run.outlook import Preview

EPILOG = """\b
Examples:
  lockstep gates --from dev --to staging
  FROM_ENV=staging TO_ENV=production lockstep gates --json

An open promotion pull request is judged as it stands; without one, what would be promoted now. Runs where the worker
runs: it reads the same settings. Nothing is written to GitHub or to the ledger.

\b
Exit codes: 0 every gate passes, or nothing is to be promoted; 1 a gate blocks or waits; 2 usage or configuration;
3 a gate could not be measured, or something outside did not answer. Approvals are shown and not counted.
"""


@click.command("gates", short_help="Validate only: measure what a promotion's gates demand.", epilog=EPILOG)
@asked.asking
@click.option(
    "--component", "components", multiple=True, metavar="NAME", help="Only this component; repeatable."
)
def gates(
    comes_from: str | None,
    into: str | None,
    repository: str | None,
    source: str | None,
    as_json: bool,
    components: tuple[str, ...],
) -> None:
    """Say whether what is to be promoted passes its gates, with what was measured, needed, and where it was read."""
    from bot.run.wanted import Wanted
    from bot.run.where import config_repository

    known = asked.variables()
    name = asked.destination(into, known)
    before = asked.text(comes_from, "FROM_ENV", known)
    parts = asked.opened()
    try:
        place = config_repository(parts.house, parts.installations(), repository)
        wanted = Wanted(place=place, into=name, comes_from=before, source=source, components=components)
        found = asked.looked(parts, wanted)
        now = parts.house.clock()
    finally:
        parts.store.close()
    code = answer(found)
    if as_json:
        head = {"repository": place.repository.full_name, "to": name, "ok": code == 0}
        click.echo(json.dumps({**head, "promotions": [_json(each, now) for each in found]}, indent=2))
    else:
        click.echo("\n\n".join(_told(each, now) for each in found) or f"Nothing to promote to {name}.")
    raise click.exceptions.Exit(code)


def answer(found: Sequence[Preview]) -> int:
    """The exit code for all of them: a no beats what could not be read."""
    from bot.decide.report import exit_code

    codes = {1 if each.refused else exit_code(each.gates) for each in found}
    return next((code for code in (1, 3) if code in codes), 0)


def _told(preview: Preview, now: datetime) -> str:
    from bot.decide.report import sentences, table

    parts = [preview.headline if preview.pull is None else f"#{preview.pull.number}: {preview.pull.title}"]
    if preview.pull is not None:
        parts[0] += f"\n{preview.pull.url}"
    if preview.gates:
        parts += [table(preview.gates, now), "\n".join(sentences(preview.gates))]
    if preview.others:
        parts.append("Also asked before the merge:\n" + "\n".join(sentences(preview.others)))
    return "\n\n".join(parts)


def _json(preview: Preview, now: datetime) -> dict[str, Any]:
    from bot.decide.report import as_json

    return {
        **asked.described(preview),
        "gates": [as_json(each, now) for each in preview.gates],
        "others": [as_json(each, now) for each in preview.others],
    }
