"""Which repository a source's name in the rules stands for, by id (attack case 25)."""

from bot.adapters.store.migrations import run

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PINS = """
create table source_pins (
    config_repository_id bigint not null,
    source_repository text not null,
    repository_id bigint not null,
    primary key (config_repository_id, source_repository)
);
"""


def upgrade() -> None:
    """Creates the table."""
    run(PINS)
