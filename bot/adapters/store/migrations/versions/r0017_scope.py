"""What a promotion is about beside what it changes: a newer release of these components joins it (row R2)."""

from bot.adapters.store.migrations import run

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# Until now the components of a promotion were all that it was about, whether they moved or not.
COLUMN = """
alter table promotions add column scope text[] not null default '{}';
update promotions set scope = array(select jsonb_object_keys(components) order by 1) where state = 'open';
"""


def upgrade() -> None:
    """Adds the column."""
    run(COLUMN)
