"""Which acts were begun and have no row of their end yet, for whoever follows a worker that died (row P11)."""

from bot.adapters.store.migrations import run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLE = """
create table ledger_attempts (
    seq bigint primary key,
    subject text not null
);
create index ledger_attempts_by_subject on ledger_attempts (subject);
"""


def upgrade() -> None:
    """Creates the table."""
    run(TABLE)
