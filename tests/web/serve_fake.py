"""Runs the real server over stores in memory, one in each worker.

`PORT=… python -m tests.web.serve_fake [broken|mistaken]`
"""

from __future__ import annotations

import os
import sys

from flask import Flask

from bot.errors import UserError
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


def mistaken() -> Flask:
    """A composition root that a person can mend."""
    raise UserError("DATABASE_URL names a role that may not do this.")


MAKERS = {"broken": broken, "mistaken": mistaken}

if __name__ == "__main__":
    configure("WARNING", SETTINGS.secrets())
    server.serve(SETTINGS, MAKERS.get(sys.argv[-1], working), port=int(os.environ["PORT"]), workers=2)
