"""The receiver under test: `python -m bench.receive_server PORT durable|verify SECRET HOME`.

`durable` is what is shipped. `verify` is the same receiver over a store that keeps nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from bot.adapters.store import open_store
from bot.logging import configure
from bot.model.delivery import Delivery, Received
from bot.model.ledger import LedgerEntry
from bot.settings import Settings
from bot.web import server
from bot.web.app import create_app


class Nothing:
    """A store that keeps nothing and is always well."""

    @property
    def inbox(self) -> Nothing:
        return self

    @property
    def ledger(self) -> Nothing:
        return self

    @property
    def health(self) -> Nothing:
        return self

    def receive(self, delivery: Delivery, payload: bytes, at: datetime) -> Received:
        return Received.STORED

    def write(self, entry: LedgerEntry) -> int:
        return 1

    def check(self) -> None:
        return None

    def numbers(self) -> Mapping[str, float]:
        return {}


def main() -> None:
    """Serves with two workers until it is told to end."""
    port, kind, secret, home = int(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
    settings = Settings(app_id=1, private_key="", webhook_secret=secret, home=home, port=port)
    configure(settings.log_level, settings.secrets())

    def make_app() -> Flask:
        store = open_store(settings) if kind == "durable" else Nothing()
        return create_app(settings=settings, store=store, clock=lambda: datetime.now(UTC))

    server.serve(settings, make_app, workers=2)


if __name__ == "__main__":
    main()
