"""Content-creating requests are counted for all processes together: GitHub's limit knows none (case 16)."""

from bot.adapters.store.migrations import run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COLUMN = "alter table api_budget add column content timestamptz[] not null default '{}'"


def upgrade() -> None:
    """Adds the column: the times of the newest ones, oldest first."""
    run(COLUMN)
