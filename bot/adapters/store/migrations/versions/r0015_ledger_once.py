"""Which acts that happen once the ledger has a row of, so that a worker's death doubles none (row P11)."""

from bot.adapters.store.migrations import run

<<<<<<<< HEAD:bot/adapters/store/migrations/versions/r0015_ledger_once.py
revision = "0015"
down_revision = "0014"
========
revision = "0015"
down_revision = "0014"
>>>>>>>> df2dc8d (Take the next free number for the table of acts that happen once):bot/adapters/store/migrations/versions/r0014_ledger_once.py
branch_labels = None
depends_on = None

TABLE = """
create table ledger_once (
    key text primary key
);
"""


def upgrade() -> None:
    """Creates the table."""
    run(TABLE)
