"""`lockstep why`: why an environment runs what it runs, from the record and from Git (rows B6, P11, P12)."""

from __future__ import annotations

import json

import click

from bot import cli_asking as asked

EPILOG = """\b
Examples:
  lockstep why production api
  lockstep why staging web --json | jq .record.judged.approvals
  lockstep why production alerts

Runs where the worker runs: it reads the same settings. Nothing is written.

\b
Exit codes: 0 what runs is what the newest evidence record says, it was green, and ledger and Git agree about it;
1 it is not: never promoted by Lockstep, changed since, merged without being green, or the Git note is missing or
differs (for alerts: or one of the three is missing that the next bundle takes); 2 usage or configuration;
3 something outside did not answer.
"""


@click.command("why", short_help="Why does an environment run what it runs?", epilog=EPILOG)
@click.argument("environment", metavar="ENVIRONMENT")
@click.argument("component", metavar="COMPONENT")
@click.option("--repository", metavar="OWNER/NAME", help="The config repository, if there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with the whole record.")
def why(environment: str, component: str, repository: str | None, as_json: bool) -> None:
    """Say why a component runs in an environment: gates, approvals, overrides, merge; and verify the record.

    COMPONENT `alerts` is the bundle of alert rules: why it is there, and what the next one lacks.
    """
    from bot.decide import why_bundle as bundle_page
    from bot.decide import why_page
    from bot.decide.bundle_promotion import SOURCE
    from bot.run import why as reading
    from bot.run.looking import only_looking
    from bot.run.where import config_repository
    from bot.run.why_bundle import why_bundle

    parts = asked.opened()
    try:
        place = config_repository(parts.house, parts.installations(), repository)
        house = only_looking(parts.house)
        if component == SOURCE:
            bundle = why_bundle(house, place, environment)
            said, code = bundle_page.as_json(bundle), bundle.code
            text = bundle_page.page(bundle)
        else:
            found = reading.why(house, place, environment, component)
            said, code, text = why_page.as_json(found), found.code, why_page.page(found)
    finally:
        parts.store.close()
    if as_json:
        head = {"repository": place.repository.full_name}
        click.echo(json.dumps({**head, **said}, indent=2, ensure_ascii=False))
    else:
        click.echo(text)
    raise click.exceptions.Exit(code)
