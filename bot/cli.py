"""The command line: `lockstep`. Exit codes: 0 done, 1 no, 2 usage or configuration, 3 outside is silent."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from bot.errors import LockstepError, Retryable, UserError

COMMANDS = {
    "alerts": ("bot.cli_alerts", "alerts"),
    "bump": ("bot.cli_bump", "bump"),
    "check": ("bot.cli_check", "check"),
    "demo": ("bot.cli_demo", "demo"),
    "doctor": ("bot.cli_doctor", "doctor"),
    "gates": ("bot.cli_gates", "gates"),
    "guard": ("bot.cli_guard", "guard"),
    "ledger": ("bot.cli_ledger", "ledger"),
    "promote": ("bot.cli_promote", "promote"),
    "owners": ("bot.cli_owners", "owners"),
    "report": ("bot.cli_report", "report"),
    "rollback": ("bot.cli_rollback", "rollback"),
    "replay": ("bot.cli_replay", "replay"),
    "setup": ("bot.cli_setup", "setup"),
    "serve": ("bot.cli_serve", "serve"),
    "why": ("bot.cli_why", "why"),
    "worker": ("bot.cli_worker", "worker"),
}
"""Command → (module, attribute); loaded when used, so that `lockstep bump` starts no database."""


class Lazy(click.Group):
    """Finds a command's module when it is called, or listed."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The commands' names."""
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command, or None."""
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lockstep", prog_name="lockstep")
def lockstep() -> None:
    """Moves container images from environment to environment by pull request.

    \b
    Try it without a GitHub account:   lockstep demo
    Check a rules file:                lockstep check path/to/config-repository
    """


def main() -> None:
    """The console script. Errors become one sentence and an exit code."""
    try:
        lockstep.main(prog_name="lockstep", standalone_mode=True)
    except UserError as error:
        _fail(str(error), 2)
    except Retryable as error:
        _fail(f"{error}. Try again later.", 3)
    except LockstepError as error:
        _fail(str(error), 3)


def _fail(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)
