"""`lockstep doctor`: walks an installation. Exit codes: 0 right, 1 something is wrong, 2 a setting is, 3 no answer."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.logging import Redactor
    from bot.model.doctor import Findings, Line

EPILOG = """\b
Examples:
  lockstep doctor
  lockstep doctor --json | jq '.lines[] | select(.state == "wrong")'

Looks at settings, database, queue, the App on GitHub (identity, permissions, events, webhook, failed deliveries,
clock), each config repository (rules, CODEOWNERS, protection, teams), Argo CD, Prometheus, Alertmanager, Slack,
e-mail, webhooks and tools. It changes nothing; receivers of signed webhooks get a `lockstep.ping`. Secrets are never
shown.

\b
Exit codes: 0 all is right, 1 something is wrong, 2 a setting is wrong, 3 all that is wrong is that nobody answered.
"""
MARKS = {"right": "ok   ", "wrong": "WRONG", "not used": "-    "}


@click.command("doctor", short_help="Check an installation end to end.", epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def doctor(as_json: bool) -> None:
    """Check an installation end to end; each wrong line says what to do next."""
    from bot.decide.doctor import exit_code, report

    logging.disable(logging.CRITICAL)  # the report is what is read
    try:
        found, redact = _examined()
    finally:
        logging.disable(logging.NOTSET)
    lines = [_clean(each, redact) for each in report(found)]
    code = exit_code(lines)
    if as_json:
        click.echo(json.dumps({"exit_code": code, "lines": [_plain(each) for each in lines]}, indent=2))
    else:
        _print(lines)
    sys.exit(code)


def _examined() -> tuple[Findings, Redactor]:
    from bot.doctor import examine, store_findings
    from bot.errors import UserError
    from bot.logging import Redactor
    from bot.model.doctor import Findings
    from bot.settings import Settings, database_settings, environment
    from bot.wiring import now

    try:
        environ = environment()
        settings = Settings.read(environ)
    except UserError as error:
        problems = tuple(str(error).splitlines())
        try:
            found = store_findings(database_settings())
        except UserError:
            found = Findings()
        from dataclasses import replace

        return replace(found, settings=problems), Redactor()
    unset = "ALLOWED_ACCOUNTS is not set: events of every account that installed the App are worked on"
    warnings = () if settings.allowed_accounts is not None else (unset,)
    return examine(settings, now, warnings), Redactor(settings.secrets())


def _clean(line: Line, redact: Redactor) -> Line:
    from dataclasses import replace

    return replace(line, says=redact(line.says), next_step=redact(line.next_step))


def _plain(line: Line) -> dict[str, str]:
    return {
        "area": line.area,
        "check": line.check,
        "state": line.state.value,
        "says": line.says,
        "next": line.next_step,
    }


def _print(lines: Sequence[Line]) -> None:
    area = ""
    for line in lines:
        if line.area != area:
            area = line.area
            click.echo(click.style(area, bold=True))
        colour = {"right": "green", "wrong": "red"}.get(line.state.value)
        click.echo(f"  {click.style(MARKS[line.state.value], fg=colour)} {line.check}: {line.says}")
        if line.next_step:
            click.echo(f"        -> {line.next_step}")
    counts = {state: sum(each.state.value == state for each in lines) for state in MARKS}
    click.echo(", ".join(f"{count} {state}" for state, count in counts.items()), err=True)
