"""What told of a request, and the head it was made on: for the ledger row of its answer (row P11)."""

from bot.adapters.store.migrations import run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMNS = """
alter table requests add column delivery_id text, add column head_sha text;
alter table rollbacks add column delivery_id text, add column head_sha text;
"""


def upgrade() -> None:
    """Adds the columns; requests from before have neither."""
    run(COLUMNS)
