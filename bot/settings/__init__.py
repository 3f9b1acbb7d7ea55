"""Settings: environment (and `.env`) in, one frozen value out, read once at the start.

Every setting that is missing or malformed is told in one sentence that names it and how to get it, all of
them at once.
"""

from bot.settings.environment import DatabaseSettings, database_settings, environment, warn_about
from bot.settings.settings import DEFAULT_API_URL, DEFAULT_PORT, Settings

__all__ = [
    "DEFAULT_API_URL",
    "DEFAULT_PORT",
    "DatabaseSettings",
    "Settings",
    "database_settings",
    "environment",
    "warn_about",
]
