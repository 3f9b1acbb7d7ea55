"""`lockstep replay`: works on one delivery again."""

from __future__ import annotations

import json

import click


@click.command("replay")
@click.argument("delivery")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def replay(delivery: str, as_json: bool) -> None:
    """Work on a delivery again, by its id (X-GitHub-Delivery).

    Its subject is looked at afresh by a worker; nothing is believed from the old payload that GitHub does not
    still say. Exit code 1 when no delivery of that id is on record.

    \b
    Example:
      lockstep replay 0b989ba4-242f-11e5-81e1-c7b6966d2516
    """
    from bot.adapters.store import open_store
    from bot.settings import database_settings

    with open_store(database_settings()) as store:
        subject = store.inbox.reopen(delivery)
    if as_json:
        click.echo(json.dumps({"delivery": delivery, "subject": subject, "replayed": subject is not None}))
    elif subject is None:
        click.echo(f"No delivery {delivery} is on record. `lockstep ledger` lists what happened.", err=True)
    else:
        click.echo(f"{delivery} will be worked on again: {subject}")
    if subject is None:
        raise click.exceptions.Exit(1)
