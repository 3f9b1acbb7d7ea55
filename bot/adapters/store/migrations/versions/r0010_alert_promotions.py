"""Promotions of alert bundles (row A5)."""

from bot.adapters.store.migrations import run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KINDS = """
alter table promotions drop constraint promotions_kind_check;
alter table promotions add constraint promotions_kind_check
    check (kind in ('promotion', 'rollback', 'alerts'));
"""


def upgrade() -> None:
    """Widens the kinds."""
    run(KINDS)
