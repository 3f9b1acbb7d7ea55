"""`lockstep setup`: registers the GitHub App by its manifest, and writes the settings that GitHub answers with."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click
from dotenv import dotenv_values

from bot.errors import UserError

CREDENTIALS = ("APP_ID", "PRIVATE_KEY", "PRIVATE_KEY_PATH", "WEBHOOK_SECRET")


@click.command("setup")
@click.option(
    "--url", required=True, help="Where GitHub reaches Lockstep, e.g. https://lockstep.example.com."
)
@click.option("--organization", default=None, help="The organization that owns the App.  [default: yourself]")
@click.option("--name", default="Lockstep", show_default=True, help="The App's name; GitHub wants it unique.")
@click.option(
    "--env-file",
    default=".env",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The settings file that is written; Lockstep reads .env where it is started.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address that the page listens on.")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
def setup(url: str, organization: str | None, name: str, env_file: Path, host: str, port: int) -> None:
    """Register the GitHub App in a browser, and write its settings.

    Shows an address to open. One button there lets GitHub make the App; its number, private key and webhook secret are
    written to the settings file, readable by you alone. GITHUB_API_URL names a GitHub Enterprise Server.

    \b
    Example:
      lockstep setup --url https://lockstep.example.com --organization acme
    """
    from bot.settings import DEFAULT_API_URL
    from bot.web.setup_server import serve_until_made
    from bot.wiring import registration

    url = _public(url)
    _refuse_configured(env_file)
    flow, made = registration(
        api_url=os.environ.get("GITHUB_API_URL", DEFAULT_API_URL).rstrip("/"),
        url=url,
        name=name,
        organization=organization,
        keep=lambda values: keep_settings(env_file, values),
    )

    def listening() -> None:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"Open http://{shown}:{port}/setup?token={flow.token}")
        click.echo(
            "Waiting for GitHub to send you back there; Ctrl-C stops, and nothing is changed.", err=True
        )

    serve_until_made(flow, made, url=url, host=host, port=port, listening=listening)
    click.echo(f"Registered. The settings are in {env_file}; next: install the App, then `lockstep serve`.")


def _public(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UserError(f"--url {url!r} is no address such as https://lockstep.example.com")
    return url.rstrip("/")


def _refuse_configured(path: Path) -> None:
    """Raises UserError when an App's settings are there already: they are never replaced."""
    there = dotenv_values(path) if path.is_file() else {}
    found = [each for each in CREDENTIALS if there.get(each)]
    if found:
        raise UserError(
            f"{path} holds {', '.join(found)} already; name another --env-file, or remove them first"
        )


def keep_settings(path: Path, values: Mapping[str, str]) -> str:
    """Adds the settings to the file at once or not at all, readable by its owner alone; where they are.

    Raises UserError when there are such settings already, or the file cannot be written.
    """
    _refuse_configured(path)
    before = path.read_text("utf-8") if path.is_file() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    # Base64 keeps the key on one line, which every reader of such files understands.
    key = base64.b64encode(values["PRIVATE_KEY"].encode()).decode()
    lines = (f"{name}={text}" for name, text in {**values, "PRIVATE_KEY": key}.items())
    try:
        # A temporary file is made with mode 0600, and keeps it.
        handle, temporary = tempfile.mkstemp(dir=path.absolute().parent, prefix=".env-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(before + "\n".join(lines) + "\n")
        os.replace(temporary, path)
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}; the App must be deleted on GitHub"
        ) from error
    return str(path)
