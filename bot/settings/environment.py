"""Where settings come from: the process's environment and `.env`; and the two that some commands need alone."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from bot.errors import UserError
from bot.settings import parsers
from bot.settings.reader import Reader
from bot.settings.settings import Settings


def environment(directory: Path | None = None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The process's environment, over what `.env` in `directory` (default: the current one) says.

    Nothing is expanded in `.env`: a `$` in a secret is a `$`. Raises UserError when the file cannot be read.
    """
    path = (directory or Path.cwd()) / ".env"
    try:
        written = dotenv_values(path, interpolate=False) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({type(error).__name__}); mend or remove it.") from error
    return {name: value for name, value in written.items() if value is not None} | dict(
        os.environ if environ is None else environ
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """Where the database is, for commands that need nothing else."""

    database_url: str | None = field(default=None, repr=False)
    home: Path


def database_settings(environ: Mapping[str, str] | None = None) -> DatabaseSettings:
    """DATABASE_URL and LOCKSTEP_HOME alone. Raises UserError that names the one that is wrong."""
    reader = Reader(environment() if environ is None else environ)
    settings = DatabaseSettings(
        database_url=reader.optional("DATABASE_URL", parsers.url("postgresql", "postgres")),
        home=reader.either("LOCKSTEP_HOME", parsers.home, parsers.home("~/.lockstep")),
    )
    if reader.problems:
        raise UserError("\n".join(reader.problems))
    return settings


def warn_about(settings: Settings, log: logging.Logger) -> None:
    """Says at the start what is allowed but worth knowing."""
    if settings.allowed_accounts is None:
        log.warning(
            "ALLOWED_ACCOUNTS is not set: events of every account that installed the App are worked on."
            " Set it to a comma-separated list of logins to narrow that down."
        )
