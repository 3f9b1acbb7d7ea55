"""`lockstep alerts`: the bundles of alert rules, offline (rows A1 to A4). Each command has a module of its own."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "compare": ("bot.cli_alerts_compare", "compare"),
    "probe": ("bot.cli_alerts_probe", "probe_command"),
    "render": ("bot.cli_alerts_render", "render"),
}
"""Command → (module, attribute)."""

EPILOG = """\b
Examples:
  lockstep alerts render --source ops/alerts --output artifacts/alerts/staging --environment staging
  lockstep alerts compare --staging artifacts/alerts/staging --production artifacts/alerts/production
  lockstep alerts probe --source ops/alerts --tests ops/alerts/tests --artifacts artifacts/alert-probes
"""


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


@click.group(
    "alerts", cls=Lazy, epilog=EPILOG, short_help="Render, compare and probe bundles of alert rules."
)
def alerts() -> None:
    """Keep the alert rules of the environments in lockstep."""
