"""`lockstep serve`: the process that receives webhooks."""

from __future__ import annotations

import click

from bot.errors import UserError


class ConfigurationError(click.ClickException):
    """What a person must mend before this can start; exit code 2."""

    exit_code = 2


@click.command("serve")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; 0.0.0.0 in a container or without a reverse proxy.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), default=None, help="Port to listen on.  [default: PORT, or 3000]"
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes that receive."
)
def serve(host: str, port: int | None, workers: int) -> None:
    """Receive GitHub's webhooks: verify, store, answer.

    Settings come from the environment and from .env; whatever is wrong with them is told before the port is
    bound. Logs are JSON lines on standard error. SIGTERM ends it gracefully.

    \b
    Example:
      lockstep serve --host 0.0.0.0 --port 3000 --workers 2
    """
    # The composition root pulls in every adapter; `lockstep --help` should not wait for that.
    from bot.logging import configure
    from bot.web import server
    from bot.wiring import settings_from_environment, web_app

    try:
        settings = settings_from_environment()
        configure(settings.log_level, settings.secrets())
        server.serve(settings, lambda: web_app(settings), host=host, port=port, workers=workers)
    except UserError as error:
        raise ConfigurationError(str(error)) from error
