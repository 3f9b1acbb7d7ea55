"""The store: PostgreSQL, the only place where anything is kept.

`open_store(settings)` starts the embedded server when there is no DATABASE_URL, brings the schema up to date and
returns a `Store` whose families are inbox, queue, subjects, ledger, releases, promotions, requests, repositories,
deployments, budget, marks and health. The rules that must hold whoever writes (one waiting job per subject, the
ledger's chain) are functions and triggers inside the database, see `migrations`.
"""

from bot.adapters.store.database import Database
from bot.adapters.store.embedded import stop as stop_embedded
from bot.adapters.store.ledger import Altered, Head, Verified
from bot.adapters.store.migrate import migrate
from bot.adapters.store.store import DatabaseSettings, Store, conninfo_of, open_as_it_is, open_store

__all__ = [
    "Altered", "Database", "DatabaseSettings", "Head", "Store", "Verified", "conninfo_of", "migrate", "open_as_it_is",
    "open_store", "stop_embedded",
]  # fmt: skip
