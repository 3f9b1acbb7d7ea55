"""`lockstep why`: why an environment runs what it runs, from the record and from Git (rows B6, P11, P12)."""

from __future__ import annotations

import json

import click

from bot import cli_asking as asked

EPILOG = """\b
Examples:
  lockstep why production api
  lockstep why staging web --json | jq .record.judged.approvals

Runs where the worker runs: it reads the same settings. Nothing is written.

\b
Exit codes: 0 what runs is what the newest evidence record says, it was green, and ledger and Git agree about it;
1 it is not: never promoted by Lockstep, changed since, merged without being green, or the Git note is missing or
differs; 2 usage or configuration; 3 something outside did not answer.
"""


@click.command("why", short_help="Why does an environment run what it runs?", epilog=EPILOG)
@click.argument("environment", metavar="ENVIRONMENT")
@click.argument("component", metavar="COMPONENT")
@click.option("--repository", metavar="OWNER/NAME", help="The config repository, if there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with the whole record.")
def why(environment: str, component: str, repository: str | None, as_json: bool) -> None:
    """Say why a component runs in an environment: gates, approvals, overrides, merge; and verify the record."""
    from bot.decide import why_page
    from bot.run import why as reading
    from bot.run.looking import only_looking
    from bot.run.where import config_repository

    parts = asked.opened()
    try:
        place = config_repository(parts.house, parts.installations(), repository)
        found = reading.why(only_looking(parts.house), place, environment, component)
    finally:
        parts.store.close()
    if as_json:
        head = {"repository": place.repository.full_name}
        click.echo(json.dumps({**head, **why_page.as_json(found)}, indent=2, ensure_ascii=False))
    else:
        click.echo(why_page.page(found))
    raise click.exceptions.Exit(found.code)
