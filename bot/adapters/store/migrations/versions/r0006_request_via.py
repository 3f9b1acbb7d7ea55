"""Through which door a promotion was asked for: a comment, the command line, a repository_dispatch."""

from bot.adapters.store.migrations import run

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; what is there came by comment."""
    run("alter table requests add column via text not null default 'comment'")
