"""Runs the real server over stores in memory, one in each worker: `PORT=… python -m tests.web.serve_fake [broken]`."""

from __future__ import annotations

import os
import sys

from flask import Flask

from bot.logging import configure
from bot.web import server
from bot.web.app import create_app
from tests.web.fakes import NOW, FakeStore, make_settings

SETTINGS = make_settings()


def working() -> Flask:
    """The application over an empty store."""
    return create_app(settings=SETTINGS, store=FakeStore(), clock=lambda: NOW)


def broken() -> Flask:
    """A composition root that fails."""
    raise ConnectionError("no database")


if __name__ == "__main__":
    configure("WARNING", SETTINGS.secrets())
    server.serve(
        SETTINGS, broken if "broken" in sys.argv else working, port=int(os.environ["PORT"]), workers=2
    )
