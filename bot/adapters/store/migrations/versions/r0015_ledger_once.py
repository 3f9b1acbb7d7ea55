"""Which acts that happen once the ledger has a row of, so that a worker's death doubles none (row P11)."""

from bot.adapters.store.migrations import run

revision = "0015"
down_revision = "0014"
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
